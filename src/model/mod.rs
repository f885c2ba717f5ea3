//! The vocabulary: values only, no I/O, nothing of ours imported.

mod approval;
mod audit;
mod change;
mod constraint;
mod difference;
mod digest;
mod file;
mod migration;
mod name;
mod opaque;
mod outcome;
mod pull_request;
mod request;
mod route;
mod secret;
mod table;
mod text;
mod violation;

pub use approval::*;
pub use audit::*;
pub use change::*;
pub use constraint::*;
pub use difference::*;
pub use digest::*;
pub use file::*;
pub use migration::*;
pub use name::*;
pub use opaque::*;
pub use outcome::*;
pub use pull_request::*;
pub use request::*;
pub use route::*;
pub use secret::*;
pub use table::*;
pub use text::*;
pub use violation::*;
