// Behaviours is a backend whose tools do what plugins do, and what they must not do, each under the name of its tool. The
// tests of the gateway's workshop build it and ask it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"time"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/backend"
)

type config struct {
	Refuse string `json:"refuse"`
	Panic  bool   `json:"panic"`
}

type behaviours struct{}

func (behaviours) Describe(*mcpg.Run) (mcpg.Catalog, error) {
	return mcpg.Catalog{Tools: []mcpg.Tool{}}, nil
}

func (behaviours) Call(run *mcpg.Run, _ mcpg.Caller, call mcpg.Call) (backend.Progress, error) {
	does, known := tools[call.Name]
	if !known {
		return backend.Progress{}, nil
	}
	text, err := does(run, call)
	if err != nil {
		return backend.Progress{}, err
	}
	return backend.Done(mcpg.TextResult(text)), nil
}

func get(path string) mcpg.Effect { return mcpg.HTTP(mcpg.HTTPRequest{URL: "https://x.test/" + path}) }

func body(run *mcpg.Run, path string) string {
	reply := mcpg.Get[mcpg.HTTPReply](run, get(path))
	return reply.Body.String()
}

type behaviour = func(*mcpg.Run, mcpg.Call) (string, error)

var tools = map[string]behaviour{
	// what plugins do
	"straight": func(run *mcpg.Run, _ mcpg.Call) (string, error) {
		first := body(run, "a")
		both := mcpg.All[mcpg.HTTPReply](run, get(first), get("c"))
		return first + both[0].Body.String() + both[1].Body.String(), nil
	},
	"caught": func(run *mcpg.Run, _ mcpg.Call) (string, error) {
		reply, err := mcpg.Try[mcpg.HTTPReply](run, get("a"))
		var problem *mcpg.Problem
		if errors.As(err, &problem) {
			return "caught " + problem.Code, nil
		}
		return reply.Body.String(), nil
	},
	"swallowing": func(run *mcpg.Run, _ mcpg.Call) (text string, err error) {
		defer func() {
			if recover() != nil {
				text = "swallowed"
			}
		}()
		return body(run, "a"), nil
	},
	"logging": func(run *mcpg.Run, _ mcpg.Call) (string, error) {
		run.Log(mcpg.LogLevelInfo, "before", map[string]int{"n": 1})
		text := body(run, "a")
		run.Log(mcpg.LogLevelInfo, "after")
		return text, nil
	},
	"signing": func(run *mcpg.Run, _ mcpg.Call) (string, error) {
		request := mcpg.SignRequest{Key: mcpg.Secret{Reference: "secret://env/KEY"}, Text: "text"}
		return run.Sign(request).Signature, nil
	},
	"time": func(_ *mcpg.Run, call mcpg.Call) (string, error) {
		now := time.UnixMilli(call.Run.Now).UTC()
		return now.Format(time.RFC3339) + " " + call.Run.Seed, nil
	},
	"large": func(_ *mcpg.Run, call mcpg.Call) (string, error) {
		return fmt.Sprint(len(call.Arguments)), nil
	},
	"echo": func(_ *mcpg.Run, call mcpg.Call) (string, error) { return string(call.Arguments), nil },

	// mistakes that end the pass
	"index":   func(_ *mcpg.Run, call mcpg.Call) (string, error) { return string(call.Name[len(call.Name)]), nil },
	"nil":     func(*mcpg.Run, mcpg.Call) (string, error) { var p *behaviours; return fmt.Sprint(*p), nil },
	"map":     func(*mcpg.Run, mcpg.Call) (string, error) { var m map[string]int; m["a"] = 1; return "", nil },
	"panic":   func(*mcpg.Run, mcpg.Call) (string, error) { panic("oh no") },
	"error":   func(*mcpg.Run, mcpg.Call) (string, error) { return "", errors.New("something is wrong") },
	"problem": func(*mcpg.Run, mcpg.Call) (string, error) { return "", mcpg.Failf("my-code", "it is %s", "wrong") },
	"text": func(*mcpg.Run, mcpg.Call) (string, error) {
		return "", mcpg.Failf("my-code", "not UTF-8: %s", "\xff")
	},
	"unwritable": func(run *mcpg.Run, _ mcpg.Call) (string, error) {
		run.Ask(mcpg.Asking("http", func() {}))
		return "", nil
	},

	// what the standard library answers in a fixed way
	"clock": func(*mcpg.Run, mcpg.Call) (string, error) { return fmt.Sprint(time.Now().Unix()), nil },
	"random": func(*mcpg.Run, mcpg.Call) (string, error) {
		fmt.Println("printed", os.Args, os.Environ())
		return fmt.Sprint(rand.Int63()), nil
	},

	// what traps
	"sleep": func(*mcpg.Run, mcpg.Call) (string, error) { time.Sleep(time.Second); return "slept", nil },
	"file":  func(*mcpg.Run, mcpg.Call) (string, error) { _, err := os.ReadFile("/etc/passwd"); return "", err },
	"stdin": func(*mcpg.Run, mcpg.Call) (string, error) { _, err := os.Stdin.Read(make([]byte, 1)); return "", err },
	"exit":  func(*mcpg.Run, mcpg.Call) (string, error) { os.Exit(0); return "", nil },
	"blocked": func(*mcpg.Run, mcpg.Call) (string, error) {
		<-make(chan int)
		return "", nil
	},
	"loop": func(*mcpg.Run, mcpg.Call) (string, error) {
		for {
		}
	},
	"memory": func(*mcpg.Run, mcpg.Call) (string, error) {
		return strings.Repeat("much", 1<<26)[:1], nil
	},
}

func newBehaviours(c config) (behaviours, error) {
	if c.Panic {
		var none []json.RawMessage
		_ = none[0]
	}
	if c.Refuse != "" {
		return behaviours{}, mcpg.Failf(c.Refuse, "refused")
	}
	return behaviours{}, nil
}

func init() { backend.Export(newBehaviours) }

func main() {}
