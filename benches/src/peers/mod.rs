//! Other systems on the shape *org*, each in the encoding in which it is fastest of those that were tried.

pub mod casbin;
pub mod cedar;
pub mod regorus;
