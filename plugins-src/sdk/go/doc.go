// Package sdk writes MCPG plugins in Go as straight-line code. It does no I/O and gives none: a plugin can only ask.
//
// A plugin is a package main that hands a function which makes it to the package of its kind, such as
// mcpg.dev/sdk/policy:
//
//	package main
//
//	import (
//		mcpg "mcpg.dev/sdk"
//		"mcpg.dev/sdk/backend"
//	)
//
//	type config struct {
//		URL string `json:"url"`
//	}
//
//	type weather struct{ config }
//
//	func (w weather) Describe(*mcpg.Run) (mcpg.Catalog, error) {
//		return mcpg.Catalog{Tools: []mcpg.Tool{{Name: "weather"}}}, nil
//	}
//
//	func (w weather) Call(run *mcpg.Run, _ mcpg.Caller, _ mcpg.Call) (backend.Progress, error) {
//		reply := run.HTTP(mcpg.HTTPRequest{URL: w.URL}) // a failed reply ends the run
//		return backend.Done(mcpg.TextResult(reply.Body.String())), nil
//	}
//
//	func init() {
//		backend.Export(func(c config) (weather, error) { return weather{c}, nil })
//	}
//
//	func main() {}
//
// The code runs from its start for each pass of a run, and gets one more round of replies each time. So it must be a
// function of what it is given and of the replies alone. What breaks that in Go: ranging over a map (sort the keys
// first), package variables that one pass changes, goroutines and select, and the time and the random numbers of the
// standard library, which are the same in every instance. The time and the seed of a run come as data, in
// RunFacts, where the manifest's `reads` lists them.
//
// Build it with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o core.wasm .
//
// and make a component of core.wasm; `mcpg plugin build` does both.
package sdk
