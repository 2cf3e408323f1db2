-- Whether the file is stored: by the hash of its bytes, or by where it lies, how large and how old it is.
select count(*) as statements
from settlement.statements as s
where
    s.file_sha256 = %(file_sha256)s
    or (
        %(file_sha256)s::bytea is null
        and s.source = %(source)s and s.size_bytes = %(size_bytes)s and s.received_at = %(received_at)s
    );
