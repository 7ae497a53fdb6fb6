package main

import (
	"encoding/json"
	"math/bits"
	"strconv"
	"strings"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/limit"
)

// money is an amount in millionths of any currency. It is written as text, because a fraction of a binary number is no
// amount of money.
type money uint64

const places = 6

// UnmarshalJSON reads `"12.50"`.
func (m *money) UnmarshalJSON(text []byte) error {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		return mcpg.Failf("bad-config", "an amount of money is written as text, such as \"12.50\"")
	}
	whole, part, _ := strings.Cut(written, ".")
	if whole == "" || len(whole) > 9 || len(part) > places {
		return mcpg.Failf("bad-config", "`%s` is no amount: write such as \"12.50\", with at most six places", written)
	}
	number, err := strconv.ParseUint(whole+part+strings.Repeat("0", places-len(part)), 10, 64)
	if err != nil {
		return mcpg.Failf("bad-config", "`%s` is no amount: write such as \"12.50\", with at most six places", written)
	}
	*m = money(number)
	return nil
}

// price is what a tool costs: for each call, and for a million tokens.
type price struct {
	Tools    string `json:"tools"`
	Call     money  `json:"call"`
	Input    money  `json:"input"`
	Output   money  `json:"output"`
	Estimate *money `json:"estimate"`
}

// usage is what a result says of itself.
type usage struct {
	Input  uint64 `json:"input_tokens"`
	Output uint64 `json:"output_tokens"`
	Cost   *money `json:"cost"`
}

// readUsage returns what a result says it used, in the member `usage` of its member `in`, and whether it says so.
func readUsage(result json.RawMessage, in string) (used usage, told bool, err error) {
	var members map[string]json.RawMessage
	var within struct {
		Usage *usage `json:"usage"`
	}
	if json.Unmarshal(result, &members) != nil || members[in] == nil {
		return used, false, nil
	}
	if err := json.Unmarshal(members[in], &within); err != nil {
		return used, false, mcpg.Failf("bad-usage", "the result's `usage` cannot be read: %v", err)
	}
	if within.Usage == nil {
		return used, false, nil
	}
	return *within.Usage, true, nil
}

// of returns what a use costs. Parts of a millionth are rounded up.
func (p price) of(used usage) (money, error) {
	if used.Cost != nil {
		return *used.Cost, nil
	}
	input, inputFits := tokens(used.Input, p.Input)
	output, outputFits := tokens(used.Output, p.Output)
	if !inputFits || !outputFits {
		return 0, mcpg.Failf("bad-usage", "the result says that it used %d and %d tokens, which is too many", used.Input, used.Output)
	}
	return p.Call + input + output, nil
}

// tokens returns count/1,000,000 of a price, and whether that is a number that the contract has.
func tokens(count uint64, million money) (money, bool) {
	high, low := bits.Mul64(count, uint64(million))
	if high >= limit.Million {
		return 0, false
	}
	cost, rest := bits.Div64(high, low, limit.Million)
	if rest > 0 {
		cost++
	}
	return money(cost), cost <= limit.MaxNumber/4
}
