# METADATA
# title: Groups that were compared
# description: What an answer says of groups and pairs of groups, alike for every rule that compares them.
package lib.compared

import data.lib.wording

# The rate that a pair or a group is compared by; a question may ask for more than one.
metric(answer, item) := name if {
	name := item.metric
} else := answer.question.metric

# What a term says besides the groups, where more than one rate is compared.
suffix(item) := text if {
	text := sprintf(" (%s)", [wording.metric(item.metric)])
} else := ""

# The counts of one group. A group that is compared and not listed is still named.
side(answer, name, rate_name) := found if {
	some group in answer.values.groups
	group.name == name
	rate := group.rates[rate_name]
	found := {
		"group": name,
		"numerator": rate.numerator,
		"denominator": rate.denominator,
	}
} else := {"group": name}

# A group with its counts.
counted(found) := text if {
	text := sprintf("%s %v/%v", [found.group, found.numerator, found.denominator])
} else := found.group

# How many rows would decide, where that can be told.
settled(answer) := text if {
	more := answer.values.comparison.settle.more_rows
	more > 0
	text := sprintf("; about %v more rows would settle it", [more])
} else := ""

# The interval of a difference in percentage points, to a tenth.
points(pair) := text if {
	low := signed(pair.low_ppm, wording.point, 1000)
	high := signed(pair.high_ppm, wording.point, 1000)
	text := sprintf(" [%s, %s]", [low, high])
} else := ""

# The interval of a ratio, to a hundredth; it may have no upper end.
ratios(pair) := text if {
	low := signed(pair.low_ppm, wording.whole, 10000)
	high := signed(pair.high_ppm, wording.whole, 10000)
	text := sprintf(" [%s, %s]", [low, high])
} else := text if {
	text := sprintf(" [%s or more]", [signed(pair.low_ppm, wording.whole, 10000)])
} else := ""

# A number that may be below 0, rounded half away from it to a multiple of step.
signed(number, unit, step) := text if {
	number < abs(number)
	abs(number) * 2 >= step
	text := sprintf("-%s", [wording.exact(wording.rounded(abs(number), step), unit)])
} else := wording.exact(wording.rounded(abs(number), step), unit)
