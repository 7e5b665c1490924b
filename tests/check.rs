//! `conc check`: what it finds, with and without leaving states out.

mod check {
    mod reduction;
}
