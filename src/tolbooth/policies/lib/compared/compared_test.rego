package lib.compared_test

import data.lib.compared

answer := {
	"question": {"metric": "accuracy"},
	"values": {"groups": [
		{"name": "Black", "rates": {"accuracy": {"numerator": 805, "denominator": 1795}}},
		{"name": "white", "rates": {}},
	]},
}

settling(more) := {"values": {"comparison": {"settle": {"more_rows": more}}}}

test_a_pair_is_compared_by_the_questions_metric if compared.metric(answer, {"high": "Black"}) == "accuracy"

test_a_pair_may_name_its_own_metric if compared.metric(answer, {"metric": "precision"}) == "precision"

test_a_pair_without_its_own_metric_has_no_suffix if compared.suffix({"high": "Black"}) == ""

test_a_pair_with_its_own_metric_says_so if {
	compared.suffix({"metric": "true_positive_rate"}) == " (true positive rate)"
}

test_a_group_has_its_counts if {
	compared.side(answer, "Black", "accuracy") == {"group": "Black", "numerator": 805, "denominator": 1795}
}

test_a_group_without_the_rate_is_named if compared.side(answer, "white", "accuracy") == {"group": "white"}

test_a_group_that_is_not_listed_is_named if compared.side(answer, "Asian", "accuracy") == {"group": "Asian"}

test_counts_stand_behind_the_name if {
	compared.counted({"group": "Black", "numerator": 805, "denominator": 1795}) == "Black 805/1795"
}

test_a_group_without_counts_is_its_name if compared.counted({"group": "Black"}) == "Black"

test_rows_that_settle_are_told if compared.settled(settling(1)) == "; about 1 more rows would settle it"

test_no_rows_settle_nothing if compared.settled(settling(0)) == ""

test_without_a_number_nothing_is_told if compared.settled(answer) == ""

test_an_interval_is_in_points if compared.points({"low_ppm": 181950, "high_ppm": 245049}) == " [18.2, 24.5]"

test_an_interval_may_begin_below_zero if compared.points({"low_ppm": -38150, "high_ppm": 49}) == " [-3.8, 0]"

test_an_end_that_rounds_to_zero_has_no_sign if compared.points({"low_ppm": -499, "high_ppm": 500}) == " [0, 0.1]"

test_an_end_that_rounds_away_from_zero_has_one if compared.points({"low_ppm": -500, "high_ppm": 0}) == " [-0.1, 0]"

test_a_difference_without_an_interval_has_none if compared.points({"low_ppm": 0}) == ""

test_an_interval_of_a_ratio_has_two_decimals if {
	compared.ratios({"low_ppm": 293000, "high_ppm": 794000}) == " [0.29, 0.79]"
}

test_a_ratio_just_above_one_half_of_a_step_is_rounded_up if {
	compared.ratios({"low_ppm": 295000, "high_ppm": 794999}) == " [0.3, 0.79]"
}

test_an_interval_of_a_ratio_may_have_no_upper_end if compared.ratios({"low_ppm": 295000}) == " [0.3 or more]"

test_a_ratio_without_an_interval_has_none if compared.ratios({"high_ppm": 1}) == ""
