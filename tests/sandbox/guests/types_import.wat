;; Imports an interface that holds only types, as every guest made by wit-bindgen does; that counts as nothing.
(component
  (import "mcpg:plugin/types@1.0.0" (instance
    (type $p (record (field "code" string) (field "message" string)))
    (export "problem" (type (eq $p)))))
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $problem (i32.const 1) (local.get 2) (local.get 3)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
