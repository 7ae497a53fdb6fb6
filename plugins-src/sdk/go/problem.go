package sdk

import (
	"errors"
	"fmt"
)

// Problem is why something did not work: a stable code, and one line for a person that never holds a secret.
type Problem struct {
	Code    string
	Message string
}

// Error returns the message.
func (p *Problem) Error() string { return p.Message }

// Failf returns a problem as an error: returned by a plugin it becomes `failed`, or a configuration that is refused.
func Failf(code, format string, arguments ...any) error {
	return &Problem{Code: code, Message: fmt.Sprintf(format, arguments...)}
}

// ProblemOf returns the problem that an error is or wraps; any other error gets the code `plugin-error`.
func ProblemOf(err error) *Problem {
	var problem *Problem
	if errors.As(err, &problem) && problem != nil {
		return problem
	}
	return &Problem{Code: pluginError, Message: err.Error()}
}

const (
	pluginError = "plugin-error"
	badReply    = "bad-reply"
)
