# The service behind Varnish: a cache of the feeds in front of two web machines, purged by key.
#
# Install as /etc/varnish/default.vcl, with varnish.service.d/syndication.conf, which says how Varnish is started. To be
# changed: the two web machines, and the networks that may purge and see /metrics and /readyz. Varnish speaks no TLS: put
# hitch in front of it (hitch.conf beside this file), or HAProxy in mode tcp with "send-proxy-v2".
#
# It listens at three places. "readers" is plain HTTP for everybody. "proxied" takes the PROXY protocol from a TLS
# terminator on this machine, which says by it who the reader is. "inside" is the only one at which purges are taken and
# /metrics is shown, and only to the networks below: whoever comes through a proxy on this machine never gets there.
vcl 4.1;

import directors;
import std;

# A machine is asked while it is ready: once it has loaded the feeds, also while the database is down.
probe ready {
    .url = "/readyz";
    .interval = 1s;
    .timeout = 1s;
    .window = 4;
    .threshold = 2;
    .initial = 2;
}

backend web1 {
    .host = "web1.daily.example";
    .port = "8000";
    .probe = ready;
    .connect_timeout = 1s;
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 10s;
    .max_connections = 256;
}

backend web2 {
    .host = "web2.daily.example";
    .port = "8000";
    .probe = ready;
    .connect_timeout = 1s;
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 10s;
    .max_connections = 256;
}

acl inside {
    "127.0.0.1";
    "::1";
    "10.0.0.0"/8;
}

sub vcl_init {
    new webs = directors.round_robin();
    webs.add_backend(web1);
    webs.add_backend(web2);
}

sub vcl_recv {
    if (req.restarts == 0) {
        # A word of ours, see vcl_hit.
        unset req.http.X-Want;
        call drop_underscores;
        # Varnish has added its peer to what the client claims: the peer alone counts, for editors.trusted_proxies = 1.
        # With the PROXY protocol that is the reader. Behind another proxy, which replaces the header by the reader's
        # address and speaks HTTP, take this line out, and set 2.
        set req.http.X-Forwarded-For = client.ip;
        if (req.http.X-Request-ID !~ "^[A-Za-z0-9._-]{1,128}$") {
            set req.http.X-Request-ID = "varnish-" + req.xid;
        }
    }
    set req.backend_hint = webs.backend();

    if (req.method == "PURGE") {
        if (local.socket != "inside" || client.ip !~ inside) {
            return (synth(403, "Only from the inside"));
        }
        call purge_by_key;
    }
    # Varnish would pass on what it does not know as a stream of bytes, unseen.
    if (req.method !~ "^(GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE)$") {
        return (synth(405, "Method Not Allowed"));
    }
    # The addresses that there are, each in its one spelling: another one would be kept twice, or get past the cache.
    if (req.url ~ "^/(metrics|readyz)(\?|$)") {
        # About the one machine that answers: Prometheus asks the machines themselves.
        if (local.socket != "inside" || client.ip !~ inside) {
            return (synth(404, "There is nothing here"));
        }
    } elsif (req.url !~ "^/feeds/[a-z0-9-]+\.(atom|rss|json)(\?|$)" &&
        req.url !~ "^/(api/v1/|static/|editors(/|\?|$)|(healthz)?(\?|$))") {
        return (synth(404, "There is nothing here"));
    }
    call bound_body;
    if (req.url !~ "^/feeds/" || req.method == "OPTIONS") {
        return (pass);
    }
    if (req.method !~ "^(GET|HEAD)$") {
        return (synth(405, "A feed can only be read"));
    }

    # The answer depends on nothing else: not on the query, nor on who asks. A part of a feed is of no use.
    set req.url = regsub(req.url, "\?.*$", "");
    unset req.http.Authorization;
    unset req.http.Cookie;
    unset req.http.Range;
    call normalise_coding;
    # Which copies will do: one that has not run out, or any that is kept.
    if (req.http.X-Want == "new") {
        set req.grace = 0s;
    } else {
        set req.grace = 365d;
    }
    return (hash);
}

# A web server makes one name of X_Forwarded_For and X-Forwarded-For: who writes the former would overrule what is set
# here, or ask for what is cached in a way that Varnish does not see. These are the names that mean something to us.
sub drop_underscores {
    unset req.http.X_Forwarded_For;
    unset req.http.X_Forwarded-For;
    unset req.http.X-Forwarded_For;
    unset req.http.X_Request_ID;
    unset req.http.X_Request-ID;
    unset req.http.X-Request_ID;
    unset req.http.Accept_Encoding;
    unset req.http.If_None_Match;
    unset req.http.If_None-Match;
    unset req.http.If-None_Match;
    unset req.http.If_Modified_Since;
    unset req.http.If_Modified-Since;
    unset req.http.If-Modified_Since;
    unset req.http.If_Unmodified_Since;
    unset req.http.If_Unmodified-Since;
    unset req.http.If-Unmodified_Since;
    unset req.http.If_Match;
    unset req.http.If_Range;
    unset req.http.Content_Type;
    unset req.http.Content_Length;
    unset req.http.Content_Encoding;
    unset req.http.Transfer_Encoding;
}

# As long as the service takes it: a batch of a thousand articles, an article, and 64 KiB of all else. What is short, and
# whatever is not for one of those addresses, is read to its end here: who sends slowly then waits at Varnish, and holds
# no place of a web process. What is long is passed on as it comes.
sub bound_body {
    set req.http.X-Longest = "65536";
    if (req.url ~ "^/api/v1/articles:batch(\?|$)") {
        set req.http.X-Longest = "33554432";
    } elsif (req.url ~ "^/api/v1/(articles/|previews(\?|$)|webhooks/)") {
        set req.http.X-Longest = "16777216";
    }
    if (std.integer(req.http.Content-Length, 0) > std.integer(req.http.X-Longest, 0)) {
        return (synth(413, "Too long"));
    }
    if (req.http.X-Longest == "65536" ||
        (req.http.Content-Length && std.integer(req.http.Content-Length, 0) <= 65536)) {
        if ((req.http.Content-Length || req.http.Transfer-Encoding) && !std.cache_req_body(64KB)) {
            return (synth(413, "Too long, or it did not come"));
        }
    }
    unset req.http.X-Longest;
}

# PURGE with Surrogate-Key: feed-taiwan. Several keys have spaces between them; "feeds" is everything.
sub purge_by_key {
    # No more than names: nobody writes another condition into the ban.
    if (req.http.Surrogate-Key !~ "^[a-z0-9-]+( [a-z0-9-]+)*$") {
        return (synth(400, "Name the keys in Surrogate-Key, like feed-taiwan"));
    }
    # About objects alone (obj.), so that Varnish can go through them by itself and forget the ban.
    if (std.ban("obj.http.Surrogate-Key ~ (^|\s)(" + regsuball(req.http.Surrogate-Key, " ", "|") + ")(\s|$)")) {
        return (synth(200, "Purged"));
    }
    return (synth(500, std.ban_error()));
}

# Strangers write all kinds of Accept-Encoding. What it comes to is one of five: a coding that we have, in our order, or
# that none will do, which is answered with 406. A weight of 0 refuses; other weights are not compared.
sub normalise_coding {
    if (req.http.Accept-Encoding ~ "^.{513}") {
        # Longer than the service reads it, and than rules with a limit of steps can.
        set req.http.Accept-Encoding = "identity";
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[\s,])br\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "br";
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[\s,])zstd\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "zstd";
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[\s,])(x-)?gzip\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "gzip";
    } elsif (req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?br\s*;)(.*[\s,])?\*\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        # A star: any that was not named, and so refused.
        set req.http.Accept-Encoding = "br";
    } elsif (req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?zstd\s*;)(.*[\s,])?\*\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "zstd";
    } elsif (req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?gzip\s*;)(.*[\s,])?\*\s*(,|$|;\s*q=(1|0?\.0*[1-9]))") {
        set req.http.Accept-Encoding = "gzip";
    } elsif (req.http.Accept-Encoding ~ "(?i)(^|[\s,])identity\s*;\s*q=0(\.0*)?\s*(,|$)" ||
        req.http.Accept-Encoding ~ "(?i)^(?!(.*[\s,])?identity)(.*[\s,])?\*\s*;\s*q=0(\.0*)?\s*(,|$)") {
        # The body as it is was refused, by its name or with all that have none.
        set req.http.Accept-Encoding = "identity;q=0";
    } else {
        set req.http.Accept-Encoding = "identity";
    }
}

# By path alone: what a client says in Host changes no feed. Codings are kept apart by the feed's Vary.
sub vcl_hash {
    hash_data(req.url);
    return (lookup);
}

# A copy that ran out. While a machine is well it is shown for as long as the feed allows (stale-while-revalidate), and a
# new one is fetched beside it; then the reader waits for the new one. With no machine, or when fetching fails
# (vcl_deliver), it is shown for as long as it is kept (stale-if-error).
sub vcl_hit {
    if (obj.ttl < 0s && req.http.X-Want != "any" && std.healthy(req.backend_hint) && obj.ttl + std.duration(
        regsub(obj.http.Cache-Control, "^.*stale-while-revalidate=([0-9]+).*$", "\1s"), 0s) < 0s) {
        set req.http.X-Want = "new";
        return (restart);
    }
    return (deliver);
}

sub vcl_backend_fetch {
    # A feed comes from memory: a machine that lets one wait is asked no longer, but the other one.
    if (bereq.url ~ "^/feeds/") {
        set bereq.first_byte_timeout = 2s;
    }
}

sub vcl_backend_response {
    if (bereq.uncacheable) {
        return (deliver);
    }
    if (beresp.status >= 500) {
        if (bereq.retries == 0) {
            return (retry);
        }
        # A copy that is there stays, and a failure is not kept.
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        return (deliver);
    }
    # Strangers choose addresses that are not there: their answers have a small place of their own, and drive out no feed.
    if (beresp.status != 200) {
        set beresp.storage = storage.others;
    }
    if (beresp.http.Cache-Control ~ "no-store") {
        set beresp.uncacheable = true;
        set beresp.ttl = 5s;
        return (deliver);
    }
    # Varnish has read s-maxage and stale-while-revalidate by itself, but not how long a copy is kept for bad days.
    if (std.duration(regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s) > beresp.grace) {
        set beresp.grace = std.duration(
            regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
    }
    # And somewhat longer for its ETag alone: a 304 renews it.
    set beresp.keep = 10m;
    return (deliver);
}

sub vcl_backend_error {
    # The other machine. A write is never sent twice.
    if (bereq.retries == 0 && bereq.method ~ "^(GET|HEAD)$") {
        return (retry);
    }
    if (bereq.is_bgfetch) {
        return (abandon);
    }
    if (bereq.http.X-Want == "new") {
        # Whoever waits for it has an old copy, and should not find this in its place.
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
    }
    set beresp.http.Content-Type = "text/plain; charset=utf-8";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Retry-After = "5";
    set beresp.body = {"No web machine answers: come back in some seconds.
"};
    return (deliver);
}

sub vcl_deliver {
    if (resp.status >= 500 && req.http.X-Want == "new") {
        set req.http.X-Want = "any";
        return (restart);
    }
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
        if (obj.ttl < 0s) {
            set resp.http.X-Cache = "STALE";
        }
    } elsif (req.url ~ "^/feeds/") {
        set resp.http.X-Cache = "MISS";
    }
    set resp.http.X-Request-ID = req.http.X-Request-ID;
    # The keys are for this cache. In front of a CDN of yours, which purges by them too, leave them in.
    unset resp.http.Surrogate-Key;
    unset resp.http.Cache-Tag;
    unset resp.http.CDN-Cache-Control;
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    return (deliver);
}

sub vcl_synth {
    set resp.http.Cache-Control = "no-store";
    set resp.http.X-Content-Type-Options = "nosniff";
    if (resp.status == 405) {
        set resp.http.Allow = "GET, HEAD, OPTIONS";
    }
    if (resp.status == 413) {
        # The rest of the body is of no interest to anybody.
        set resp.http.Connection = "close";
    }
    set resp.http.Content-Type = "text/plain; charset=utf-8";
    set resp.body = resp.reason + {".
"};
    return (deliver);
}
