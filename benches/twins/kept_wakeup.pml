/* N waiters look at the flag under the lock, and again whenever they wake up. */
bool held, ready;
byte waiting, woken;

active [N] proctype Waiter() {
    atomic { !held -> held = true };
    do
    :: ready -> break
    :: else ->
       atomic { held = false; waiting++ };
       atomic { woken > 0 -> woken-- };
       atomic { !held -> held = true }
    od;
    held = false
}

active proctype Signaller() {
    atomic { !held -> held = true };
    ready = true;
    atomic { woken = woken + waiting; waiting = 0 };
    held = false
}
