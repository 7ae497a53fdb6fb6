// Policy-business-hours denies what is asked outside business hours: by weekday, in a time zone, with holidays. Callers of
// some groups are exempt.
package main

import (
	"slices"
	"time"

	mcpg "mcpg.dev/sdk"
	"mcpg.dev/sdk/policy"

	"mcpg/policy-business-hours/zones"
)

// config is the configuration, as the schema in manifest.json has it.
type config struct {
	Zone         string              `json:"zone"`
	Hours        map[string][]string `json:"hours"`
	Holidays     []string            `json:"holidays"`
	Names        []string            `json:"names"`
	ExemptGroups []string            `json:"exempt_groups"`
	Inside       string              `json:"inside"`
}

type businessHours struct {
	config
	week week
}

const written = "Mon 2006-01-02 15:04"

func newBusinessHours(c config) (*businessHours, error) {
	if c.Zone == "" {
		c.Zone = "UTC"
	}
	if c.Names == nil {
		c.Names = []string{"*"}
	}
	zone, err := zones.Load(c.Zone)
	if err != nil {
		return nil, mcpg.Failf("bad-config", "`zone`: %v", err)
	}
	hours, err := newWeek(zone, c.Hours, c.Holidays)
	if err != nil {
		return nil, mcpg.Failf("bad-config", "%v", err)
	}
	return &businessHours{c, hours}, nil
}

// Decide judges one action.
func (p *businessHours) Decide(_ *mcpg.Run, caller mcpg.Caller, action mcpg.Action) (policy.Verdict, error) {
	sight, err := p.judge(caller, action)
	switch {
	case err != nil:
		return policy.Verdict{}, err
	case sight == policy.Silent:
		return policy.Abstain(), nil
	case sight == policy.Permitted:
		return policy.Permit(), nil
	}
	now := time.UnixMilli(action.Run.Now).In(p.week.zone)
	message := "`" + action.Name + "` may be used in business hours only: it is " + now.Format(written) + " (" + p.Zone + ")"
	if opens, ever := p.week.next(now); ever {
		message += ", and they begin again " + opens.Format(written)
	}
	return policy.Deny("outside-business-hours", message), nil
}

// See judges lists: what could not be used now is not shown.
func (p *businessHours) See(_ *mcpg.Run, caller mcpg.Caller, actions []mcpg.Action) (sights []policy.Sight, err error) {
	for _, action := range actions {
		sight, err := p.judge(caller, action)
		if err != nil {
			return nil, err
		}
		sights = append(sights, sight)
	}
	return sights, nil
}

// judge says nothing of names that it is not for; inside business hours, and of exempt callers, it says what the operator
// wants said: nothing either, or that they are permitted.
func (p *businessHours) judge(caller mcpg.Caller, action mcpg.Action) (policy.Sight, error) {
	if !slices.ContainsFunc(p.Names, func(pattern string) bool { return matches(pattern, action.Name) }) {
		return policy.Silent, nil
	}
	if action.Run == nil {
		return 0, mcpg.Failf("no-time", "the action does not say when it is")
	}
	exempt := slices.ContainsFunc(caller.Groups, func(group string) bool { return slices.Contains(p.ExemptGroups, group) })
	if !exempt && !p.week.open(time.UnixMilli(action.Run.Now)) {
		return policy.Denied, nil
	}
	if p.Inside == "permit" {
		return policy.Permitted, nil
	}
	return policy.Silent, nil
}

func init() { policy.Export(newBusinessHours) }

func main() {}
