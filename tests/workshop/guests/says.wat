;; A policy that asks for fixed effects until it has their replies, then permits; `see` answers with a fixed text.
(component
  (core module $m
    ;; include common
    (data (i32.const 4096) "{data}")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (if (i32.lt_u (local.get 5) (i32.const {effects}))
        (then (return (call $answer (i32.const 4) {asked}))))
      (call $answer (i32.const 0) {obliged}))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) {seen}))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
