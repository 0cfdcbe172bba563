//! Chancery inside another program: `cargo run --example embed`.
//!
//! Founds an organisation in a store in memory, changes it, and asks it questions in every way there is.

use chancery::aggregates::Command;
use chancery::aggregates::command::{MemberCommand, ScopeChoice, ScopeCommand};
use chancery::aggregates::event::Details;
use chancery::aggregates::founding::Founder;
use chancery::aggregates::profile::{BUILT_IN, check::check};
use chancery::aggregates::vocabulary::{Actor, MemberId, MemberKind, OrganisationId, RoleId, ScopeId, Window};
use chancery::embed::{Chancery, Decision, Request, Resolved};
use chancery::engine::{self, Context};
use chancery::store::Access;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // `sqlite:access.db` and `postgres://…` keep what is written.
    let chancery = Chancery::open("memory:", Access::Create)?;
    found(&chancery).await?;
    execute(&chancery, enrolment()).await?;

    let fairmont = chancery.organisation("fairmont").await?;
    let now = chancery.now();
    let request = |permission, scope| Request { subject: "tom", permission, scope: Some(scope), owner: None, at: now };

    // By keys. A denial says why, and whether that may be told.
    for (permission, scope) in [("invoice.approve", "acacia"), ("invoice.approve", "birch")] {
        match fairmont.check(&request(permission, scope)) {
            Decision::Allowed { only_own } => println!("tom may {permission} on {scope}; only his own: {only_own}"),
            Decision::Denied(denial) => println!("tom may not {permission} on {scope}: {denial} ({:?})", denial.kind()),
        }
    }

    // One version for several questions: the answers belong together.
    let access = fairmont.access();
    let batch = access.check_batch(&[request("invoice.approve", "acacia"), request("invoice.approve", "birch")]);
    println!("at position {}: {:?}", access.position(), batch.iter().map(Decision::is_allowed).collect::<Vec<_>>());

    // By handles, looked up once and valid in all later versions.
    let (Some(tom), Some(approve), Some(acacia)) =
        (access.subject("tom"), access.action("invoice.approve"), access.resource("acacia"))
    else {
        return Err("somebody or something is missing".into());
    };
    let question = Resolved::new(tom, approve, acacia, now)?;
    println!("by handles: {}", fairmont.check_resolved(&question)?.is_allowed());

    // Lists, page by page.
    let held = access.permissions_of(tom, acacia, now)?;
    println!("tom holds {} permissions on acacia, {} of them unrestricted", held.any.len(), held.full.len());
    let mut from = None;
    loop {
        let page = access.subjects(approve, acacia, now, from, 2)?;
        for (subject, _) in &page.items {
            println!("may approve invoices on acacia: {}", access.subject_id(*subject).unwrap_or_default());
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    for (resource, _) in access.resources(tom, approve, now, None, 100)?.items {
        println!("tom may approve invoices on: {}", access.resource_id(resource).unwrap_or("all of it"));
    }

    // A change is seen as soon as it is acknowledged; the version that is held stays as it is.
    execute(&chancery, vec![Command::Member(MemberId::parse("tom")?, MemberCommand::SuspendMember)]).await?;
    println!("suspended: {:?}", fairmont.check_resolved(&question)?);
    println!("the older version: {:?}", access.check_resolved(&question)?);
    chancery.close().await;
    Ok(())
}

async fn found(chancery: &Chancery) -> Result<(), Failure> {
    let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == "proplink").ok_or("there is no such profile")?;
    let profile = check(text).map_err(|mistakes| format!("{mistakes:?}"))?;
    let founder = Founder { id: MemberId::parse("helen")?, details: Details::default() };
    let fairmont = OrganisationId::parse("fairmont")?;
    chancery.engine().found(&fairmont, "Fairmont Estates", &profile, &founder, Context::default()).await?;
    Ok(())
}

fn enrolment() -> Vec<Command> {
    let site = |id: &str, name: &str| {
        let command = ScopeCommand::CreateScope { name: name.into(), kind: Some("site".into()), parent: None };
        Command::Scope(ScopeId::known(id), command)
    };
    let tom = || MemberId::known("tom");
    let add = MemberCommand::AddMember {
        kind: MemberKind::Person,
        account_type: None,
        details: Details::default(),
        scope: Some(ScopeChoice::Selected(vec![ScopeId::known("acacia")])),
    };
    let role = RoleId::known("accountant");
    let assign = MemberCommand::AssignRole { role, scope: None, window: Window::default() };
    vec![
        site("acacia", "Acacia Avenue"),
        site("birch", "Birch Close"),
        Command::Member(tom(), add),
        Command::Member(tom(), assign),
    ]
}

async fn execute(chancery: &Chancery, commands: Vec<Command>) -> Result<(), Failure> {
    let request = engine::Request {
        organisation: OrganisationId::parse("fairmont")?,
        commands,
        actor: Actor::Member(MemberId::parse("helen")?),
        context: Context::default(),
        idempotency_key: None,
    };
    chancery.engine().execute(request).await?;
    Ok(())
}
