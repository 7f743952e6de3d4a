//! The `firebell` program: hands its arguments to [`firebell::cli`] and exits with the code that verb returns.

fn main() {}
