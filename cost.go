package edenwait

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Cost is an amount of money as the API writes it: decimal text, exact. The
// empty Cost is zero.
//
// Cost is text, not a float, so that fractions of a cent, summed over a million jobs,
// match the invoice to the last digit.
type Cost string

// SumCosts adds costs exactly. If a cost is not a decimal number, SumCosts returns an
// error that quotes it, and the sum of the others.
func SumCosts(costs ...Cost) (Cost, error) {
	var (
		sum   = new(big.Int) // in units of 10^-scale
		scale int
		bad   error
	)
	for _, cost := range costs {
		digits, places, ok := cost.split()
		if !ok {
			if bad == nil {
				bad = fmt.Errorf("edenwait: cost %s is not a decimal number", quote(string(cost), 64))
			}
			continue
		}
		if places > scale {
			sum.Mul(sum, pow10(places-scale))
			scale = places
		}
		sum.Add(sum, digits.Mul(digits, pow10(scale-places)))
	}
	return formatCost(sum, scale), bad
}

// maxCostDigits bounds what a number may expand to, so that 1e999999999 in a
// hostile response costs an error and not the memory of the process.
const maxCostDigits = 1000

// split gives the cost as an integer and its number of decimal places.
func (c Cost) split() (digits *big.Int, places int, ok bool) {
	if c == "" {
		return new(big.Int), 0, true
	}
	if len(c) > maxCostDigits {
		return nil, 0, false
	}
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(string(c)), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	places = len(fraction)
	if strings.ContainsAny(fraction, "+-") || strings.Contains(mantissa, "_") {
		return nil, 0, false
	}
	if scientific {
		shift, err := strconv.Atoi(exponent)
		if err != nil || shift > maxCostDigits || shift < -maxCostDigits {
			return nil, 0, false
		}
		places -= shift
	}
	digits, ok = new(big.Int).SetString(whole+fraction, 10)
	if ok && places < 0 {
		digits.Mul(digits, pow10(-places))
		places = 0
	}
	return digits, places, ok
}

// formatCost writes an integer of 10^-scale units, without trailing zeros.
func formatCost(units *big.Int, scale int) Cost {
	text := new(big.Int).Abs(units).String()
	if missing := scale + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	if scale > 0 {
		text = text[:len(text)-scale] + "." + text[len(text)-scale:]
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	if units.Sign() < 0 {
		text = "-" + text
	}
	return Cost(text)
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// parseCost reads a decimal string or a JSON number, and keeps the digits unchanged. It
// returns an empty Cost for anything else.
func parseCost(raw span) Cost {
	cost := Cost(raw.text())
	if cost == "" {
		var number json.Number
		if json.Unmarshal(raw.value(), &number) == nil {
			cost = Cost(number)
		}
	}
	if cost.plain() {
		return cost
	}
	if _, _, ok := cost.split(); !ok {
		return ""
	}
	return cost
}

// plain reports whether the cost is digits, with at most one dot between them, which
// nearly every cost is. Such a cost is valid, and nothing is allocated to see it.
func (c Cost) plain() bool {
	if len(c) > maxCostDigits {
		return false
	}
	digits, dots := 0, 0
	for i := range len(c) {
		switch {
		case '0' <= c[i] && c[i] <= '9':
			digits++
		case c[i] == '.':
			dots++
		default:
			return false
		}
	}
	return digits > 0 && dots <= 1
}
