/* N waiters look at a flag before they take the lock. */
bool held, ready;
byte waiting, woken;

active [N] proctype Waiter() {
    if
    :: ready
    :: else ->
       atomic { !held -> held = true };
       atomic { held = false; waiting++ };
       atomic { woken > 0 -> woken-- };
       atomic { !held -> held = true };
       held = false
    fi
}

active proctype Signaller() {
    atomic { !held -> held = true };
    ready = true;
    atomic { woken = woken + waiting; waiting = 0 };
    held = false
}
