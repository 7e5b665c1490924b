/* Dining philosophers, for ever. */
bool forks[N];

active [N] proctype Philosopher() {
    byte left, right;
    d_step { left = _pid; right = (_pid + 1) % N };
    do
    :: atomic { !forks[left] -> forks[left] = true };
       atomic { !forks[right] -> forks[right] = true };
       forks[right] = false;
       forks[left] = false
    od
}
