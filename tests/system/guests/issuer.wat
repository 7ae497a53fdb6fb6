;; A credential plugin that names a secret: one that its configuration holds when the target begins with `g`, else
;; another one of the gateway's.
(component
  (core module $m
    ;; include common
    (data (i32.const 4096) "{\"value\": \"secret://env/GIVEN\"}")
    (data (i32.const 4160) "{\"value\": \"secret://env/OTHER\"}")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "issue-for") (param i32 i32 i32 i32 i32 i32) (result i32)
      (if (result i32) (i32.eq (i32.load8_u (local.get 2)) (i32.const 103))
        (then (call $answer (i32.const 0) (i32.const 4096) (i32.const 31)))
        (else (call $answer (i32.const 0) (i32.const 4160) (i32.const 31)))))
  )
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "cabi_realloc" (core func $realloc))
  (type $problem (record (field "code" string) (field "message" string)))
  (type $effect (record (field "driver" string) (field "request" string)))
  (type $reply (variant (case "ok" string) (case "failed" $problem)))
  (type $issue (variant (case "issued" string) (case "deny" $problem) (case "failed" $problem)
    (case "perform" (list $effect))))
  (func $configure (param "config" string) (result (result (error $problem)))
    (canon lift (core func $i "configure") (memory $memory) (realloc $realloc)))
  (func $issue-for (param "caller" string) (param "target" string) (param "replies" (list $reply)) (result $issue)
    (canon lift (core func $i "issue-for") (memory $memory) (realloc $realloc)))
  (instance $lifecycle (export "problem" (type $problem)) (export "configure" (func $configure)))
  (instance $credential
    (export "problem" (type $problem)) (export "effect" (type $effect)) (export "reply" (type $reply))
    (export "issue" (type $issue)) (export "issue-for" (func $issue-for)))
  (export "mcpg:plugin/lifecycle@1.0.0" (instance $lifecycle))
  (export "mcpg:plugin/credential@1.0.0" (instance $credential))
)
