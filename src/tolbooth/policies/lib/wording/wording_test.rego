package lib.wording_test

import data.lib.wording

test_metric_is_written_in_words if wording.metric("false_positive_rate") == "false positive rate"

test_features_are_joined if wording.by(["race", "sex"]) == "race & sex"

test_exact_keeps_every_decimal if wording.exact(213902, wording.point) == "21.3902"

test_exact_keeps_inner_zeros if wording.exact(10500, wording.point) == "1.05"

test_exact_drops_trailing_zeros if wording.exact(100000, wording.point) == "10"

# EQUIVALENT
# line: digits := substring(sprintf("%v", [unit + remainder]), 1, -1)
# mutant: digits := substring(sprintf("%v", [unit + remainder]), 1, -2)
# reason: every negative length asks for the rest of the text.
test_exact_of_zero_is_zero if wording.exact(0, wording.point) == "0"

test_points_round_half_up if wording.points(213500, 100000) == "21.4"

test_points_below_half_round_down if wording.points(213499, 100000) == "21.3"

test_points_just_above_the_bound_are_exact if wording.points(100400, 100000) == "10.04"

test_points_just_below_the_bound_are_exact if wording.points(99960, 100000) == "9.996"

test_points_at_the_bound_are_the_bound if wording.points(100000, 100000) == "10"

test_percent_at_a_bound_between_two_tenths_is_rounded_up if wording.percent(123600, 123600) == "12.4 %"

test_percent_at_a_bound_between_two_tenths_is_rounded_down if wording.percent(123400, 123400) == "12.3 %"

test_percent_has_its_sign if wording.percent(623456, 650000) == "62.3 %"

test_ratio_has_two_decimals if wording.ratio(791234, 800000) == "0.79"

test_ratio_just_below_the_bound_is_exact if wording.ratio(799999, 800000) == "0.799999"
