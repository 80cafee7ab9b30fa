//! The gate's own members: made for one run, removed at its end, also after an interrupt.

mod actor;
mod credentials;
mod email_code;
mod lent_operator;
pub(crate) mod mailbox;
mod passkey;
mod register;
mod test_sign_in;

pub(crate) use self::{
    actor::{Actor, Posture},
    credentials::Credentials,
    email_code::EmailCode,
    lent_operator::LentOperator,
    passkey::PasskeySignUp,
    register::Register,
    test_sign_in::TestSignIn,
};

use std::{future::Future, pin::Pin};

use crate::{check::Ended, client::Client};

/// A way to make members.
pub(crate) trait Maker: Send + Sync {
    /// How members are made, for the report.
    fn describe(&self) -> String;

    /// Whether it only lends accounts that somebody else made: they are signed out in the end, and not removed.
    fn lends(&self) -> bool {
        false
    }

    /// Signs a new member in.
    fn make<'a>(&'a self, client: &'a Client, wish: &'a Wish) -> Making<'a>;

    /// Signs a new operator in, where this way can make one.
    fn operator<'a>(&'a self, _: &'a Client, _: &'a Wish) -> Option<Making<'a>> {
        None
    }

    /// Signs a member of before in anew, from another device so to speak.
    fn again<'a>(&'a self, client: &'a Client, member: &'a Actor) -> Making<'a>;
}

/// A sign-in under way.
pub(crate) type Making<'a> = Pin<Box<dyn Future<Output = Result<Actor, Ended>> + Send + 'a>>;

/// What a new member is to be like.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Distinguishes the members of a run.
    pub(crate) name: String,
    pub(crate) posture: Posture,
    /// Which of one check's members it is, from 0.
    pub(crate) number: usize,
}
