package main

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	request   = "aws4_request"
	stamp     = "20060102T150405Z"
	date      = "20060102"
)

// header is a name in lower case and a value.
type header struct{ name, value string }

// canonical returns the canonical form of a request, and the names of the headers that are signed. The path and the query
// are as they are sent, the query sorted; headers are sorted by name.
func canonical(method, path, query string, headers []header, body string) (text, signed string) {
	slices.SortFunc(headers, func(a, b header) int { return strings.Compare(a.name, b.name) })
	var lines, names []string
	for _, each := range headers {
		lines = append(lines, each.name+":"+strings.Join(strings.Fields(each.value), " "))
		names = append(names, each.name)
	}
	signed = strings.Join(names, ";")
	return strings.Join([]string{method, path, query, strings.Join(lines, "\n") + "\n", signed, hash(body)}, "\n"), signed
}

// scope returns what a key is derived by: the date, the region, the service and the end.
func scope(now time.Time, region, service string) []string {
	return []string{now.UTC().Format(date), region, service, request}
}

// toSign returns the text whose signature is wanted.
func toSign(now time.Time, scope []string, canonical string) string {
	return strings.Join([]string{algorithm, now.UTC().Format(stamp), strings.Join(scope, "/"), hash(canonical)}, "\n")
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// encoded percent-encodes all but what RFC 3986 calls unreserved, and `/` only if slashes says so.
func encoded(text string, slashes bool) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for _, b := range []byte(text) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', strings.IndexByte("-_.~", b) >= 0, b == '/' && !slashes:
			out.WriteByte(b)
		default:
			out.Write([]byte{'%', digits[b>>4], digits[b&15]})
		}
	}
	return out.String()
}
