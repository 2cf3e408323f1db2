-- The batches are taken up: what their rows were worked on goes.
drop table if exists work.arrived, work.repeats
