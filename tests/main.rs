
mod requirements;
mod crash;
