package main

// matches says whether the whole of a name fits a pattern: `*` stands for any text, `?` for one character.
func matches(pattern, name string) bool {
	p, n := []rune(pattern), []rune(name)
	at, star, tried := 0, -1, 0
	for i := 0; i < len(n); {
		switch {
		case at < len(p) && p[at] == '*':
			star, tried = at, i
			at++
		case at < len(p) && (p[at] == '?' || p[at] == n[i]):
			at++
			i++
		case star >= 0:
			tried++
			at, i = star+1, tried
		default:
			return false
		}
	}
	for at < len(p) && p[at] == '*' {
		at++
	}
	return at == len(p)
}
