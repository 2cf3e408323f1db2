"""Each rule of Form 1098, by a case worked out by hand. The arithmetic stands beside each case."""

from datetime import date

import pytest

from payments_pipeline.rules.form_1098 import (
    Disposition,
    Payer,
    Policy,
    Received,
    Refund,
    box_1,
    box_2,
    box_3,
    box_4,
    box_5,
    box_6,
    box_7,
    box_9,
    box_11,
    correct_until,
    disposition,
    file_by,
    furnish_by,
    interest_of_year,
    late_charges_paid,
    month_before,
    premiums_received,
    prepaid_now,
    principal_date,
    reaches_nonresident,
    upfront_premium_of_year,
)

OPTION, NO_OPTION = Policy(uses_january_15=True), Policy(uses_january_15=False)


def due(
    interest: int = 0, refund: int = 0, premiums: int = 0, points: int = 0, payer: Payer = Payer.INDIVIDUAL
) -> Disposition:
    return disposition(
        payer, interest_cents=interest, refund_cents=refund, premiums_cents=premiums, points_cents=points
    )


# Who is reported, and from when ----------------------------------------------------------------------------------------


def test_six_hundred_dollars_on_one_mortgage_make_a_form_and_a_cent_less_does_not() -> None:
    assert due(interest=600_00) is Disposition.REPORTABLE
    assert due(interest=599_99) is Disposition.BELOW_THRESHOLD


def test_the_threshold_is_of_each_mortgage_not_of_the_borrower() -> None:
    # one borrower, two mortgages: 400.00 + 400.00 = 800.00 in all, but 400.00 < 600.00 on each
    assert [due(interest=400_00), due(interest=400_00)] == [Disposition.BELOW_THRESHOLD] * 2
    # 700.00 on the first lien, 200.00 on the second: a form for the first alone
    assert [due(interest=700_00), due(interest=200_00)] == [Disposition.REPORTABLE, Disposition.BELOW_THRESHOLD]


def test_points_count_towards_the_threshold() -> None:
    # 250.00 of interest + 350.00 of points = 600.00
    assert due(interest=250_00, points=350_00) is Disposition.REPORTABLE
    assert due(interest=250_00, points=349_99) is Disposition.BELOW_THRESHOLD


def test_a_refund_of_six_hundred_makes_a_form_without_any_interest_and_a_smaller_one_does_not() -> None:
    assert due(refund=600_00) is Disposition.REPORTABLE
    assert due(interest=300_00, refund=599_99) is Disposition.BELOW_THRESHOLD  # they are not added up


def test_premiums_of_six_hundred_make_a_form_of_their_own() -> None:
    assert due(premiums=600_00) is Disposition.REPORTABLE


def test_a_mortgage_on_which_nothing_was_received_has_no_form() -> None:
    assert due() is Disposition.NOTHING_RECEIVED


@pytest.mark.parametrize("payer", [payer for payer in Payer if payer is not Payer.INDIVIDUAL])
def test_an_entity_of_record_has_no_form_however_much_it_paid(payer: Payer) -> None:
    assert due(interest=50_000_00, payer=payer) is Disposition.ENTITY_PAYER


def test_interest_below_zero_makes_no_form_since_a_prior_year_is_wrong() -> None:
    # 1,000.00 of December was reversed in a year that received 900.00: 900.00 - 1,000.00 = -100.00
    assert due(interest=-100_00) is Disposition.NEGATIVE_INTEREST


def test_a_nonresident_alien_is_reported_where_the_property_or_the_lender_is_here() -> None:
    assert reaches_nonresident(is_property_in_us=True, is_lender_in_us=False)
    assert reaches_nonresident(is_property_in_us=False, is_lender_in_us=True)
    assert not reaches_nonresident(is_property_in_us=False, is_lender_in_us=False)


# Box 1 -----------------------------------------------------------------------------------------------------------------


def test_interest_counts_in_the_year_in_which_it_is_received_to_the_cent() -> None:
    receipts = [
        Received(date(2024, 12, 31), 500_01),
        Received(date(2025, 1, 1), 499_87),
        Received(date(2025, 12, 31), 433_33),
        Received(date(2026, 1, 1), 432_10),
    ]
    # 499.87 + 433.33 = 933.20
    assert box_1(receipts, [], 2025, OPTION) == 933_20


def test_interest_of_december_that_is_paid_late_in_january_belongs_to_january() -> None:
    late = Received(date(2026, 1, 20), 400_00, accrues_from=date(2025, 11, 1), accrues_until=date(2025, 12, 1))
    assert interest_of_year(late, 2025, OPTION) == 0
    assert interest_of_year(late, 2026, OPTION) == 400_00


def test_a_reversal_leaves_the_year_of_what_it_reverses() -> None:
    # a payment of December 30 is returned on January 4: its reversal is dated December 30
    receipts = [
        Received(date(2025, 11, 30), 500_00),
        Received(date(2025, 12, 30), 498_00),
        Received(date(2025, 12, 30), -498_00),
    ]
    assert box_1(receipts, [], 2025, OPTION) == 500_00  # 500.00 + 498.00 - 498.00
    assert box_1(receipts, [], 2026, OPTION) == 0


def test_late_charges_and_prepayment_penalties_are_interest() -> None:
    receipts = [Received(date(2025, 6, 1), 1_000_00)]
    # 1,000.00 + 25.00 + 300.00 = 1,325.00
    assert box_1(receipts, [], 2025, OPTION, late_charges_cents=25_00, prepayment_penalty_cents=300_00) == 1_325_00


def test_a_fee_for_a_service_is_no_interest() -> None:
    # charged in order: late 40.00, returned payment 25.00, late 40.00. Paid before the year 10.00, by its end 75.00.
    # late #1 lies at 0-40, the service at 40-65, late #2 at 65-105; paid in the year is 10-75:
    # late #1: 40 - 10 = 30; late #2: 75 - 65 = 10; together 40.00. The service's 25.00 stay out.
    charges = [(True, 40_00), (False, 25_00), (True, 40_00)]
    assert late_charges_paid(charges, 10_00, 75_00) == 40_00


def test_money_of_others_than_the_borrower_is_not_reported() -> None:
    receipts = [Received(date(2025, 3, 1), 700_00), Received(date(2025, 4, 1), 650_00, is_from_borrower=False)]
    assert box_1(receipts, [], 2025, OPTION) == 700_00  # the buydown's 650.00 stay out


def test_a_refund_of_this_year_s_interest_is_netted_and_one_of_last_year_s_is_box_4() -> None:
    receipts = [Received(date(2025, 5, 1), 2_000_00)]
    refunds = [Refund(date(2025, 9, 9), 2025, 150_00), Refund(date(2025, 9, 9), 2024, 80_00)]
    assert box_1(receipts, refunds, 2025, OPTION) == 1_850_00  # 2,000.00 - 150.00
    assert box_4(refunds, 2025) == 80_00
    assert box_4(refunds, 2024) == 0  # last year's form stays as it was filed
    assert box_1([Received(date(2024, 5, 1), 900_00)], refunds, 2024, OPTION) == 900_00


def test_each_servicer_of_a_year_reports_what_it_received() -> None:
    # transferred on July 1: 6 x 500.00 here, 6 x 490.00 there
    before = [Received(date(2025, month, 5), 500_00) for month in range(1, 7)]
    after = [Received(date(2025, month, 5), 490_00) for month in range(7, 13)]
    assert box_1(before, [], 2025, OPTION) == 3_000_00
    assert box_1(after, [], 2025, OPTION) == 2_940_00


def test_a_mortgage_paid_off_in_march_reports_its_interest_to_the_day_of_the_payoff() -> None:
    # instalments of January to March 510.00 + 509.00 + 508.00, payoff interest of 12 days at 16.40 = 196.80
    receipts = [
        Received(date(2025, 1, 1), 510_00),
        Received(date(2025, 2, 1), 509_00),
        Received(date(2025, 3, 1), 508_00),
    ]
    payoff = Received(date(2025, 3, 13), 12 * 16_40)
    assert box_1([*receipts, payoff], [], 2025, OPTION) == 1_723_80  # 510 + 509 + 508 + 196.80


def test_interest_per_day_at_closing_counts_where_the_borrower_paid_it() -> None:
    # closed on November 20: 11 days at 20.55 = 226.05 at closing; first instalment on January 1 not yet paid
    at_closing = Received(
        date(2025, 11, 20), 11 * 20_55, accrues_from=date(2025, 11, 20), accrues_until=date(2025, 12, 1)
    )
    assert box_1([at_closing], [], 2025, OPTION) == 226_05


# Box 1: prepaid interest -----------------------------------------------------------------------------------------------


def paid_ahead(due_on: date, cents: int = 620_00, received_on: date = date(2025, 12, 28)) -> Received:
    return Received(received_on, cents, month_before(due_on), due_on)


@pytest.mark.parametrize("policy", [OPTION, NO_OPTION])
def test_the_instalment_of_january_1_paid_in_december_is_this_year_s(policy: Policy) -> None:
    # it accrues December 1 to 31, all 31 of 31 days by the year's end
    assert interest_of_year(paid_ahead(date(2026, 1, 1)), 2025, policy) == 620_00
    assert interest_of_year(paid_ahead(date(2026, 1, 1)), 2026, policy) == 0


def test_interest_that_accrues_in_full_by_january_15_may_be_reported_this_year() -> None:
    ahead = paid_ahead(date(2026, 1, 15))  # December 15 to January 14
    assert interest_of_year(ahead, 2025, OPTION) == 620_00
    # without the option: December 15 to 31 are 17 of 31 days: 620.00 x 17 / 31 = 340.00, and 280.00 next year
    assert interest_of_year(ahead, 2025, NO_OPTION) == 340_00
    assert interest_of_year(ahead, 2026, NO_OPTION) == 280_00


def test_january_15_is_the_last_day_of_accrual_that_the_option_covers() -> None:
    assert interest_of_year(paid_ahead(date(2026, 1, 16)), 2025, OPTION) == 620_00  # accrues through January 15
    # due on the 17th it accrues through January 16: December 17 to 31 are 15 of 31 days: 620.00 x 15 / 31 = 300.00
    assert interest_of_year(paid_ahead(date(2026, 1, 17)), 2025, OPTION) == 300_00


def test_a_payment_from_december_20_to_january_20_counts_only_through_december_31() -> None:
    # December 20 to 31 are 12 of 31 days: 620.00 x 12 / 31 = 240.00; the other 380.00 are next year's
    ahead = paid_ahead(date(2026, 1, 20))
    assert interest_of_year(ahead, 2025, OPTION) == 240_00
    assert interest_of_year(ahead, 2026, OPTION) == 380_00
    assert interest_of_year(ahead, 2027, OPTION) == 0


def test_the_instalment_of_february_1_paid_in_december_is_next_year_s() -> None:
    ahead = paid_ahead(date(2026, 2, 1))  # January 1 to 31: nothing by December 31, and not all by January 15
    assert interest_of_year(ahead, 2025, OPTION) == 0
    assert interest_of_year(ahead, 2026, OPTION) == 620_00


def test_the_part_of_the_year_is_rounded_to_the_cent_halves_up() -> None:
    # 100.01 x 12 / 31 = 38.7135... -> 38.71; 0.31 x 5 / 62 = 0.025 -> 0.03
    assert prepaid_now(100_01, date(2025, 12, 20), date(2026, 1, 20), 2025, OPTION) == 38_71
    assert prepaid_now(31, date(2025, 12, 27), date(2026, 2, 27), 2025, OPTION) == 3


# Boxes 2 and 3 ---------------------------------------------------------------------------------------------------------


def test_principal_is_stated_as_of_january_1() -> None:
    assert principal_date(2025, date(2019, 5, 5), None) == date(2025, 1, 1)
    # boarded with 200,000.00, of which 3,210.98 were paid before January 1: 196,789.02
    assert (
        box_2(
            2025,
            originated_on=date(2019, 5, 5),
            acquired_on=None,
            original_principal_cents=250_000_00,
            boarded_principal_cents=200_000_00,
            principal_paid_before=3_210_98,
        )
        == 196_789_02
    )


def test_principal_of_a_mortgage_that_began_in_the_year_is_that_of_its_origination() -> None:
    assert principal_date(2025, date(2025, 8, 4), None) == date(2025, 8, 4)
    assert (
        box_2(
            2025,
            originated_on=date(2025, 8, 4),
            acquired_on=None,
            original_principal_cents=310_000_00,
            boarded_principal_cents=309_500_00,
            principal_paid_before=0,
        )
        == 310_000_00
    )


def test_principal_of_a_mortgage_acquired_in_the_year_is_that_of_its_acquisition() -> None:
    assert principal_date(2025, date(2025, 2, 1), date(2025, 8, 4)) == date(2025, 8, 4)
    # boarded with 305,000.00 on the acquisition, nothing paid before it
    assert (
        box_2(
            2025,
            originated_on=date(2025, 2, 1),
            acquired_on=date(2025, 8, 4),
            original_principal_cents=310_000_00,
            boarded_principal_cents=305_000_00,
            principal_paid_before=0,
        )
        == 305_000_00
    )
    assert principal_date(2026, date(2025, 2, 1), date(2025, 8, 4)) == date(2026, 1, 1)


def test_the_origination_date_is_that_of_the_note() -> None:
    assert box_3(date(2003, 7, 15)) == date(2003, 7, 15)


# Boxes 4 to 6 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tax_year", "reported"), [(2022, 0), (2025, 0), (2026, 1_200_00), (2027, 1_200_00)])
def test_premiums_are_blank_until_2025_and_reported_from_2026(tax_year: int, reported: int) -> None:
    assert box_5(1_200_00, tax_year, date(2021, 3, 1)) == reported


def test_premiums_below_six_hundred_or_of_contracts_before_2007_are_not_reported() -> None:
    assert box_5(599_99, 2026, date(2021, 3, 1)) == 0
    assert box_5(600_00, 2026, date(2021, 3, 1)) == 600_00
    assert box_5(900_00, 2026, date(2006, 12, 31)) == 0
    assert box_5(900_00, 2026, None) == 0


def test_monthly_premiums_are_those_of_the_escrow_payments_made_whole_in_the_year() -> None:
    # monthly escrow 500.00, of it 80.00 premium. Paid before 1,250.00 (2 whole), by the end 7,400.00 (14 whole):
    # 12 whole in the year x 80.00 = 960.00
    assert premiums_received(1_250_00, 7_400_00, 500_00, 80_00) == 960_00
    assert premiums_received(0, 0, 0, 80_00) == 0


def test_a_premium_paid_ahead_is_spread_over_84_months() -> None:
    # 4,200.00 over 84 months are 50.00 a month. From October 2025: 3 months = 150.00 in 2025, 12 = 600.00 in 2026
    assert upfront_premium_of_year(4_200_00, date(2025, 10, 7), 360, 2025) == 150_00
    assert upfront_premium_of_year(4_200_00, date(2025, 10, 7), 360, 2026) == 600_00
    # the 84th month is September 2032: 9 months = 450.00 in 2032, nothing after
    assert upfront_premium_of_year(4_200_00, date(2025, 10, 7), 360, 2032) == 450_00
    assert upfront_premium_of_year(4_200_00, date(2025, 10, 7), 360, 2033) == 0
    # a term of 60 months is shorter: 70.00 a month, 12 = 840.00
    assert upfront_premium_of_year(4_200_00, date(2025, 10, 7), 60, 2026) == 840_00
    assert (
        sum(upfront_premium_of_year(1_000_01, date(2025, 10, 7), 360, year) for year in range(2025, 2034)) == 1_000_01
    )


def test_points_are_reported_for_the_purchase_of_the_principal_residence_in_the_year_of_closing() -> None:
    def points(year: int, *, purchase: bool = True, residence: bool = True) -> int:
        paid_on = date(2025, 6, 6)
        return box_6(3_000_00, paid_on, year, is_purchase=purchase, is_principal_residence=residence)

    assert points(2025) == 3_000_00
    assert points(2026) == 0
    assert points(2025, purchase=False) == 0  # a refinancing
    assert points(2025, residence=False) == 0  # a second home
    assert box_6(0, None, 2025, is_purchase=True, is_principal_residence=True) == 0


# Boxes 7 to 11 ---------------------------------------------------------------------------------------------------------


def test_the_property_is_the_mailing_address_whatever_its_case_and_its_last_four_digits() -> None:
    home = ("12 Elm Street", "Salem", "OR", "97301")
    assert box_7(home, ("12  ELM STREET", "SALEM", "or", "97301-1234"))
    assert not box_7(home, ("14 Elm Street", "Salem", "OR", "97301"))
    assert not box_7(home, ("12 Elm Street", "Salem", "MA", "01970"))


def test_the_number_of_properties_is_stated_from_two_on() -> None:
    assert [box_9(1), box_9(2), box_9(11)] == [None, 2, 11]


def test_an_acquisition_is_stated_in_its_own_year_only() -> None:
    assert box_11(date(2025, 8, 4), 2025) == date(2025, 8, 4)
    assert box_11(date(2025, 8, 4), 2026) is None
    assert box_11(None, 2025) is None


# Due dates -------------------------------------------------------------------------------------------------------------


def test_due_dates_move_off_weekends() -> None:
    assert furnish_by(2025) == date(2026, 2, 2)  # January 31, 2026 is a Saturday
    assert furnish_by(2026) == date(2027, 2, 1)  # January 31, 2027 is a Sunday
    assert file_by(2025) == date(2026, 3, 31)
    assert correct_until(2025) == date(2029, 3, 31)
