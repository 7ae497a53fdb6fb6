package main

import (
	"encoding/json"
	"testing"
)

func TestMoneyIsExact(t *testing.T) {
	for text, wanted := range map[string]money{
		`"12.50"`: 12_500_000, `"0"`: 0, `"0.000001"`: 1, `"999999999.999999"`: 999_999_999_999_999, `"3."`: 3_000_000,
	} {
		var found money
		if err := json.Unmarshal([]byte(text), &found); err != nil || found != wanted {
			t.Errorf("%s: %d %v", text, found, err)
		}
	}
	for _, text := range []string{`12.5`, `""`, `"-1"`, `"1.2345678"`, `"1e3"`, `"1234567890"`, `null1`, `"+1"`, `"1.-2"`} {
		var found money
		if err := json.Unmarshal([]byte(text), &found); err == nil {
			t.Errorf("%s: %d", text, found)
		}
	}
}

func TestTokensCost(t *testing.T) {
	for _, each := range []struct {
		count   uint64
		million money
		wanted  money
		fits    bool
	}{
		{1_000_000, 3_000_000, 3_000_000, true},
		{1, 3_000_000, 3, true},
		{1, 150_000, 1, true}, // 0.15 millionths are rounded up
		{0, 3_000_000, 0, true},
		{1 << 62, 1, 4611686018428, true}, // half a millionth is rounded up
		{1 << 63, 999_999_999_999_999, 0, false},
		{1 << 50, 999_999_999, 0, false},
	} {
		found, fits := tokens(each.count, each.million)
		if fits != each.fits || fits && found != each.wanted {
			t.Errorf("%d at %d: %d %t", each.count, each.million, found, fits)
		}
	}
}
