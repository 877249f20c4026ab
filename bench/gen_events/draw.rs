//! Random draws, and numbers, ids and times as text.

pub(crate) struct Rng(pub(crate) u64);
impl Rng {
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E3779B97F4A7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
        z ^ (z >> 31)
    }
    #[inline]
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((self.next() as u128 * n as u128) >> 64) as u64
    }
    #[inline]
    pub(crate) fn range(&mut self, lo: u64, hi: u64) -> u64 {
        lo + self.below(hi - lo + 1)
    }
    #[inline]
    pub(crate) fn f(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    #[inline]
    pub(crate) fn pct(&mut self, p: f64) -> bool {
        self.f() * 100.0 < p
    }
    // log-uniform in [lo, hi]
    pub(crate) fn logu(&mut self, lo: f64, hi: f64) -> u64 {
        (lo * (hi / lo).powf(self.f())) as u64
    }
    pub(crate) fn pick<T: Copy>(&mut self, v: &[T]) -> T {
        v[self.below(v.len() as u64) as usize]
    }
    pub(crate) fn picks<'a>(&mut self, v: &'a [String]) -> &'a str {
        &v[self.below(v.len() as u64) as usize]
    }
}

pub(crate) const HEX: &[u8; 16] = b"0123456789abcdef";

pub(crate) fn push_uuid(r: &mut Rng, s: &mut String) {
    let a = r.next();
    let b = r.next();
    let mut by = [0u8; 16];
    by[..8].copy_from_slice(&a.to_be_bytes());
    by[8..].copy_from_slice(&b.to_be_bytes());
    by[6] = (by[6] & 0x0f) | 0x40;
    by[8] = (by[8] & 0x3f) | 0x80;
    for (i, x) in by.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            s.push('-');
        }
        s.push(HEX[(x >> 4) as usize] as char);
        s.push(HEX[(x & 15) as usize] as char);
    }
}

pub(crate) fn push_hex(r: &mut Rng, s: &mut String, n: usize) {
    for _ in 0..n {
        s.push(HEX[r.below(16) as usize] as char);
    }
}

pub(crate) fn push_u(s: &mut String, mut v: u64) {
    let mut b = [0u8; 20];
    let mut i = 20;
    loop {
        i -= 1;
        b[i] = b'0' + (v % 10) as u8;
        v /= 10;
        if v == 0 {
            break;
        }
    }
    s.extend(b[i..].iter().map(|digit| char::from(*digit)));
}

pub(crate) fn push_0(s: &mut String, v: u64, w: usize) {
    let mut d = 1;
    for _ in 1..w {
        d *= 10;
    }
    let mut v = v;
    while d > 0 {
        s.push((b'0' + (v / d % 10) as u8) as char);
        v %= d;
        d /= 10;
    }
}

pub(crate) fn civil(days: i64) -> (i64, u64, u64) {
    let z = days + 719468;
    let era = z.div_euclid(146097);
    let doe = z.rem_euclid(146097);
    let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + (m <= 2) as i64, m as u64, d as u64)
}

pub(crate) fn push_ts(s: &mut String, ms: i64) {
    let day = ms.div_euclid(86_400_000);
    let t = ms.rem_euclid(86_400_000) as u64;
    let (y, m, d) = civil(day);
    push_0(s, y as u64, 4);
    s.push('-');
    push_0(s, m, 2);
    s.push('-');
    push_0(s, d, 2);
    s.push('T');
    push_0(s, t / 3_600_000, 2);
    s.push(':');
    push_0(s, t / 60_000 % 60, 2);
    s.push(':');
    push_0(s, t / 1000 % 60, 2);
    s.push('.');
    push_0(s, t % 1000, 3);
    s.push('Z');
}
