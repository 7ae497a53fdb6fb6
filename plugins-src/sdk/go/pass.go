package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
)

// End is what a pass came to: Failed if it is not nil, else Perform if it is not nil, else Done.
type End[T any] struct {
	Done T
	// Failed is why nothing can be said.
	Failed *Problem
	// Perform holds every effect of the run from its start, in the order asked.
	Perform []Effect
}

// Pass makes one pass of a run with the replies that are there so far. The packages of the kinds call it for the host,
// and the tests of a plugin may. A panic becomes Failed, with the place in the plugin's code where it arose.
func Pass[T any](replies []Reply, given map[string]json.RawMessage, body func(*Run) (T, error)) (end End[T]) {
	run := &Run{replies: replies, given: given}
	done, problem := guarded(func() (T, error) { return body(run) })
	switch {
	case run.missing:
		end.Perform = run.asked
	case problem != nil:
		end.Failed = problem
	default:
		end.Done = done
	}
	return end
}

// Guarded calls a function that asks for nothing; its error or panic becomes the problem.
func Guarded[T any](body func() (T, error)) (T, *Problem) { return guarded(body) }

func guarded[T any](body func() (T, error)) (done T, problem *Problem) {
	defer func() {
		switch caught := recover().(type) {
		case nil, stop:
		default:
			problem = problemOfPanic(caught)
		}
	}()
	done, err := body()
	if err != nil {
		problem = ProblemOf(err)
	}
	return done, problem
}

func problemOfPanic(caught any) *Problem {
	if err, ok := caught.(error); ok {
		var problem *Problem
		if errors.As(err, &problem) && problem != nil {
			return problem
		}
	}
	message := fmt.Sprint(caught)
	if place := placeOfPanic(); place != "" {
		message = place + ": " + message
	}
	return &Problem{Code: pluginError, Message: message}
}

const module = "mcpg.dev/sdk"

// placeOfPanic returns file and line of the innermost call of the plugin's own code; it works while a panic unwinds.
func placeOfPanic() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	panicked := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case panicked && ofThePlugin(frame.Function):
			return fmt.Sprintf("%s:%d", shortened(frame), frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// ofThePlugin says whether a function is neither of the standard library nor of this module.
func ofThePlugin(function string) bool {
	if strings.HasPrefix(function, "main.") {
		return true
	}
	if rest, ours := strings.CutPrefix(function, module); ours && (rest[0] == '.' || rest[0] == '/') {
		return false
	}
	first, _, several := strings.Cut(function, "/")
	return several && strings.Contains(first, ".")
}

func shortened(frame runtime.Frame) string {
	if strings.HasPrefix(frame.Function, "main.") {
		return path.Base(frame.File)
	}
	return frame.File
}
