//go:build wasip1

package credential

import (
	"unsafe"

	"mcpg.dev/sdk/internal/abi"
)

func init() { abi.Configure = plugin.Configure }

//go:wasmexport mcpg:plugin/credential@1.0.0#issue-for
func exportedIssueFor(caller unsafe.Pointer, callerSize uint32, target unsafe.Pointer, targetSize uint32, replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(issueFor(abi.JSON(caller, callerSize), abi.Text(target, targetSize), abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/credential@1.0.0#issue-for
func returnedIssueFor(unsafe.Pointer) { abi.Done() }
