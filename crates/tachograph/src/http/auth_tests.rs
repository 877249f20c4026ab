//! Tests of keys and roles.

use super::*;

fn with_key(role: Role, rate: Option<u32>) -> (Auth, HeaderMap) {
    let (text, hash) = new_key([5; 32]);
    let name = "ci".into();
    let credential = Credential { name, writer: writer(&hash), agent: None, role, limits: None, rate };
    let keys = HashMap::from([(hash, credential)]);
    let auth = Auth { keys, required: true, buckets: Mutex::default(), sessions: Arc::default() };
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, format!("Bearer {text}").parse().unwrap());
    (auth, headers)
}

#[test]
fn a_key_may_do_what_its_role_says() {
    let (auth, headers) = with_key(Role::Write, None);
    assert_eq!(auth.check(&headers, Role::Write).unwrap().name, "ci");
    assert_eq!(auth.check(&headers, Role::Read).unwrap_err().status, 403);
    assert_eq!(auth.check(&HeaderMap::new(), Role::Write).unwrap_err().status, 401);
    let (auth, headers) = with_key(Role::Agent, None);
    assert!(!auth.check(&headers, Role::Agent).unwrap().is_witness());
    for wanted in [Role::Write, Role::Read, Role::Admin] {
        assert_eq!(auth.check(&headers, wanted).unwrap_err().status, 403);
    }
    let (auth, headers) = with_key(Role::Write, None);
    assert!(auth.check(&headers, Role::Agent).unwrap().is_witness());
    let (admin, headers) = with_key(Role::Admin, None);
    assert!(admin.check(&headers, Role::Read).is_ok());
}

#[test]
fn each_role_may_what_the_table_says() {
    use Role::{Admin, Agent, Auditor, Operator, Read, Write};
    for (role, may) in [
        (Agent, vec![Agent]),
        (Write, vec![Agent, Write]),
        (Read, vec![Read]),
        (Auditor, vec![Read, Auditor]),
        (Operator, vec![Read, Operator]),
        (Admin, Role::ALL.to_vec()),
    ] {
        let allowed: Vec<Role> = Role::ALL.into_iter().filter(|wanted| role.allows(*wanted)).collect();
        assert_eq!(allowed, may, "{role:?}");
        assert_eq!(Role::parse(role.as_str()), Some(role));
    }
    assert_eq!(Role::parse("read"), Some(Read));
}

#[test]
fn a_limited_key_passes_only_where_its_answer_is_confined() {
    let (mut auth, headers) = with_key(Role::Read, None);
    let limits = Limits { user: Some("ann".into()), ..Limits::default() };
    auth.keys.values_mut().for_each(|key| key.limits = Some(limits.clone()));
    assert_eq!(auth.check(&headers, Role::Read).unwrap_err().status, 403);
    assert_eq!(auth.check_own(&headers, Role::Read).unwrap().limits, Some(limits));
    assert_eq!(auth.check_own(&headers, Role::Operator).unwrap_err().status, 403);
}

#[test]
fn a_cookie_may_what_its_key_may_until_the_key_is_revoked() {
    let (auth, given) = with_key(Role::Read, None);
    let (hash, _) =
        auth.find(given[header::AUTHORIZATION].to_str().unwrap().split_once(' ').unwrap().1).unwrap();
    let text = auth.sessions.begin(hash, Instant::now());
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, format!("tachograph={text}").parse().unwrap());
    assert_eq!(
        auth.check(&headers, Role::Read).unwrap_err().status,
        401,
        "a page of elsewhere sends no more"
    );
    headers.insert(super::super::sessions::PAGE, "1".parse().unwrap());
    assert_eq!(auth.check(&headers, Role::Read).unwrap().name, "ci");
    assert_eq!(auth.check(&headers, Role::Admin).unwrap_err().status, 403);
    let renewed = Auth::new(&[], true).after(&auth);
    assert_eq!(renewed.check(&headers, Role::Read).unwrap_err().status, 401);
}

#[test]
fn without_keys_programs_of_this_machine_may_and_web_pages_may_not() {
    let auth = Auth::new(&[], false);
    let with = |name, value: &str| HeaderMap::from_iter([(name, value.parse().unwrap())]);
    for host in ["127.0.0.1:7420", "localhost:7420", "[::1]:7420", "localhost"] {
        assert!(auth.check(&with(header::HOST, host), Role::Admin).is_ok(), "{host}");
    }
    for host in ["evil.example", "evil.example:7420", "10.0.0.1", "localhost.evil.example"] {
        assert_eq!(auth.check(&with(header::HOST, host), Role::Read).unwrap_err().status, 403, "{host}");
    }
    assert_eq!(
        auth.check(&with(header::ORIGIN, "http://evil.example"), Role::Write).unwrap_err().status,
        403
    );
    assert!(auth.check(&with(header::ORIGIN, "http://localhost:3000"), Role::Write).is_ok());
}

#[test]
fn a_sender_in_debt_is_told_when_to_come_back() {
    let (auth, headers) = with_key(Role::Write, Some(10));
    let credential = auth.check(&headers, Role::Write).unwrap();
    auth.may_write(&credential).unwrap();
    auth.charge(&credential, 100);
    let problem = auth.may_write(&credential).unwrap_err();
    assert_eq!(problem.status, 429);
    assert!(problem.retry_after.unwrap() >= 8, "{problem:?}");
}
