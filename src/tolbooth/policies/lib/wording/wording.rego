# METADATA
# title: Numbers in words
# description: Rates and counts as people read them, in integer arithmetic only, so that every engine writes the same.
package lib.wording

# The ppm that make one percentage point, and one whole.
point := 10000

whole := 1000000

# A metric's name as words.
metric(name) := replace(name, "_", " ")

# Features as one name.
by(features) := concat(" & ", features)

# Number divided by unit, a power of ten, with all the decimals that it has and no zeros after them.
exact(number, unit) := sprintf("%v%s", [(number - remainder) / unit, decimals]) if {
	remainder := number % unit
	digits := substring(sprintf("%v", [unit + remainder]), 1, -1)
	decimals := trim_right(concat("", [".", digits]), ".0")
}

# Number divided by unit, rounded half up to a multiple of step; exact where rounding would hide on which side of the
# bound it lies.
near(number, bound, unit, step) := exact(number, unit) if {
	hides(number, rounded(number, step), bound)
} else := exact(rounded(number, step), unit)

# The multiple of an even step that is nearest to the number.
rounded(number, step) := raised - (raised % step) if raised := number + floor(step / 2)

hides(number, shown, bound) if {
	number > bound
	shown <= bound
}

hides(number, shown, bound) if {
	number < bound
	shown >= bound
}

# Percentage points to a tenth, beside their bound.
points(number, bound) := near(number, bound, point, 1000)

# Per cent to a tenth, beside its bound.
percent(number, bound) := sprintf("%s %s", [near(number, bound, point, 1000), "%"])

# A ratio to a hundredth, beside its bound.
ratio(number, bound) := near(number, bound, whole, 10000)
