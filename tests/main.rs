mod store_contract;

mod requirements;
mod crash;
