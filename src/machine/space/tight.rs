//! Lists that take little more room than what is in them.

/// Puts one at the end of a list, which grows by an eighth where it is full.
#[inline]
pub(super) fn push<T>(list: &mut Vec<T>, one: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 8 + 16);
    }
    list.push(one);
}
