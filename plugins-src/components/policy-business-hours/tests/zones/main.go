// Zones writes the table of package zones to the file that it is given: names of time zones by the rule that holds in them
// from now on. It reads the zone database of the Go that runs it, and leaves out zones whose future no such rule can say.
package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"mcpg/policy-business-hours/zones"
)

func main() {
	archive, err := zip.OpenReader(filepath.Join(runtime.GOROOT(), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		log.Fatal(err)
	}
	names := map[string][]string{}
	for _, file := range archive.File {
		data := read(file)
		if !bytes.HasPrefix(data, []byte("TZif2")) && !bytes.HasPrefix(data, []byte("TZif3")) {
			continue
		}
		lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
		rule := string(lines[len(lines)-1])
		if rule != "" && told(file.Name, rule, data) {
			names[rule] = append(names[rule], file.Name)
		}
	}
	var out strings.Builder
	for _, rule := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[rule])
		fmt.Fprintf(&out, "%s %s\n", rule, strings.Join(names[rule], " "))
	}
	if err := os.WriteFile(os.Args[1], []byte(out.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}

// told says whether a rule gives the offsets that the database does, for thirty years.
func told(name, rule string, data []byte) bool {
	whole, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		log.Fatal(name, err)
	}
	ruled, err := zones.FromRule(name, rule)
	if err != nil {
		log.Fatal(name, err)
	}
	for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2056; at = at.Add(3 * time.Hour) {
		_, one := at.In(whole).Zone()
		_, other := at.In(ruled).Zone()
		if one != other {
			log.Printf("left out: %s, %s", name, at)
			return false
		}
	}
	return true
}

func read(file *zip.File) []byte {
	opened, err := file.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer opened.Close()
	data, err := io.ReadAll(opened)
	if err != nil {
		log.Fatal(err)
	}
	return data
}
