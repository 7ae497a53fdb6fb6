//go:build wasip1

package policy

import (
	"unsafe"

	"mcpg.dev/sdk/internal/abi"
)

func init() { abi.Configure = plugin.Configure }

//go:wasmexport mcpg:plugin/policy@1.0.0#decide
func exportedDecide(caller unsafe.Pointer, callerSize uint32, action unsafe.Pointer, actionSize uint32, replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(decide(abi.JSON(caller, callerSize), abi.JSON(action, actionSize), abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/policy@1.0.0#decide
func returnedDecide(unsafe.Pointer) { abi.Done() }

//go:wasmexport mcpg:plugin/policy@1.0.0#see
func exportedSee(caller unsafe.Pointer, callerSize uint32, actions unsafe.Pointer, actionsSize uint32, replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(see(abi.JSON(caller, callerSize), abi.JSON(actions, actionsSize), abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/policy@1.0.0#see
func returnedSee(unsafe.Pointer) { abi.Done() }
