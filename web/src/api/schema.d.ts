// Made by scripts/types.mjs from `tachograph openapi`. Do not edit.

export interface paths {
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the recorder records and its followers keep up. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Recording */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                /** @description Stopped */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/insert/jsonline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records events as VictoriaLogs takes them: the same as /v1/events. */
        post: {
            parameters: {
                query?: {
                    /** @description The format's name, when it should not be recognised by itself. */
                    format?: string;
                    /** @description Members that may hold the time, as VictoriaLogs' clients name them: the first that is there. */
                    _time_field?: string;
                    /** @description Members that may hold the message: the first that is there. */
                    _msg_field?: string;
                    /** @description `name=value`, by commas: fields of every event. */
                    extra_fields?: string;
                    /** @description Fields that are not recorded, by commas; a `*` at the end stands for anything. */
                    ignore_fields?: string;
                    /**
                     * @description The name of a file of history, for `admin`: its events count as imported, and the same line of the same file is
                     *     the same event.
                     */
                    import?: string;
                    /** @description Where in that file this body begins, when it comes in parts: `place` of the answer to the part before. */
                    place?: string;
                    /** @description The events' source, when they do not come from their sender alone: an MCP server that an agent reports through. */
                    via?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "text/plain": string;
                };
            };
            responses: {
                /** @description Recorded durably; refused lines are named */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recorded"];
                    };
                };
                /** @description The body can't be read */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Every event was refused */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recorded"];
                    };
                };
                /** @description The credential sends too fast */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too much is waiting, or the recorder has stopped */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The disk is full */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records events of any format: the same as /v1/events. */
        post: {
            parameters: {
                query?: {
                    /** @description The format's name, when it should not be recognised by itself. */
                    format?: string;
                    /** @description Members that may hold the time, as VictoriaLogs' clients name them: the first that is there. */
                    _time_field?: string;
                    /** @description Members that may hold the message: the first that is there. */
                    _msg_field?: string;
                    /** @description `name=value`, by commas: fields of every event. */
                    extra_fields?: string;
                    /** @description Fields that are not recorded, by commas; a `*` at the end stands for anything. */
                    ignore_fields?: string;
                    /**
                     * @description The name of a file of history, for `admin`: its events count as imported, and the same line of the same file is
                     *     the same event.
                     */
                    import?: string;
                    /** @description Where in that file this body begins, when it comes in parts: `place` of the answer to the part before. */
                    place?: string;
                    /** @description The events' source, when they do not come from their sender alone: an MCP server that an agent reports through. */
                    via?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "text/plain": string;
                };
            };
            responses: {
                /** @description Recorded durably; refused lines are named */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recorded"];
                    };
                };
                /** @description The body can't be read */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Every event was refused */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recorded"];
                    };
                };
                /** @description The credential sends too fast */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too much is waiting, or the recorder has stopped */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The disk is full */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counters and gauges for Prometheus. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Prometheus text format 0.0.4 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether requests may be sent here. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Ready */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Not now */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tlog/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest checkpoint: the signed head of the tree. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A C2SP signed note */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description Nothing is sealed yet */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tlog/tile/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A tile of hashes, or a bundle of entries (`entries/…`). */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description level and index as C2SP tlog-tiles writes them: 0/x001/234, 0/005.p/17, entries/000 */
                    path: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Hashes of 32 bytes, or entries with a 2-byte length each */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": number[];
                    };
                };
                /** @description Not a tile's path */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The tree does not reach there yet */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alerts, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `open` (when not given), `firing`, `acknowledged`, `snoozed`, `resolved` or `all`. */
                    state?: string;
                    /** @description `critical`, `warning` or `info`. */
                    severity?: string;
                    /** @description The rule's id. */
                    rule?: string;
                    /** @description Alerts whose label `agent_id` is this. */
                    agent?: string;
                    /** @description Newest first; 200 when not given, at most 1,000. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Alerts */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alerts"];
                    };
                };
                /** @description Alerting is switched off */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest messages. */
        get: {
            parameters: {
                query?: {
                    /** @description 100 when not given, at most 1,000. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Messages, newest first */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Deliveries"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/receivers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everybody who can be told. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Receivers and their channels */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Receivers"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/receivers/{name}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends a marked test message to every channel of a receiver; see deliveries for what became of it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The messages wait to be sent */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Posted"];
                    };
                };
                /** @description There is no such receiver */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/recompute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Was each alert due that was raised, and was each raised that was due? Computed from the log and the rules alone. */
        get: {
            parameters: {
                query?: {
                    /** @description Only this rule; all that are followed when not given. */
                    rule?: string;
                    /** @description How far back: 1h, 7d; 24h when no time is given. */
                    last?: string;
                    /** @description At or after this time, as the server recorded (RFC 3339). */
                    from?: string;
                    /** @description Before this time. */
                    to?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What agrees and what does not */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recomputed"];
                    };
                };
                /** @description There is no such rule */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every rule that is followed. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Rules, and how they are doing */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Rules"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/rules/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Checks a rule file: errors with their line, advice, its own tests. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Text"];
                };
            };
            responses: {
                /** @description What is wrong with it, or what it means */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Checked"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/rules/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** How often the rules of a text would have fired over what is recorded. Nobody is told. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Text"];
                };
            };
            responses: {
                /** @description Firings by rule */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Replayed"];
                    };
                };
                /** @description The rules are not understood */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/rules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One rule, with what it means and its SQL. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The rule */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Rule"];
                    };
                };
                /** @description There is none of this id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Saves a rule file; its rules count at once. A rule of the id of a built-in one takes its place. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Text"];
                };
            };
            responses: {
                /** @description It is saved */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Checked"];
                    };
                };
                /** @description The rules are not understood: nothing is saved */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** Deletes a rule file; a built-in rule that it replaced counts again. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is gone */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description There is no such file */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/silences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Silences that have not ended. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Silences */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Silences"];
                    };
                };
            };
        };
        put?: never;
        /** Mutes what the matchers name, for a while and for a reason. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Wanted"];
                };
            };
            responses: {
                /** @description The silence */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Silence"];
                    };
                };
                /** @description It matches everything, has no reason or no end */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/silences/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a silence now. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It ended */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description There is none of this id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/silences/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Agrees with a silence of somebody else that would mute a critical built-in rule. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The silence counts now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Silence"];
                    };
                };
                /** @description It is your own */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description None of this id waits */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One alert, open or over. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The alert */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
                /** @description There is none of this id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says that somebody takes care: no repetition, no escalation. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Acting"];
                };
            };
            responses: {
                /** @description The alert */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
                /** @description There is no open alert of this id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}/assign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hands it to somebody. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Acting"];
                };
            };
            responses: {
                /** @description The alert */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}/note": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Writes a note into its history. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Acting"];
                };
            };
            responses: {
                /** @description The alert */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends it by hand; it fires again when its rule finds it anew. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Acting"];
                };
            };
            responses: {
                /** @description The alert */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}/snooze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keeps it quiet for some minutes; then it escalates from where it was. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Acting"];
                };
            };
            responses: {
                /** @description The alert */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/coverage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which calls, sessions, numbers and declared actions should have been seen and were not; figures by agent and source. */
        get: {
            parameters: {
                query?: {
                    /** @description How far back: 15m, 24h, 7d. As the configuration says (24h) when no time is given. */
                    last?: string;
                    /** @description At or after this time (RFC 3339). */
                    from?: string;
                    /** @description Before this time; now when it is not given. */
                    to?: string;
                    /** @description Only this agent; points are left out then. */
                    agent?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Figures with what they are made of, and findings */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Report"];
                    };
                };
                /** @description The range is not understood */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is too much to read: expected a shorter range */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records events of any format. */
        post: {
            parameters: {
                query?: {
                    /** @description The format's name, when it should not be recognised by itself. */
                    format?: string;
                    /** @description Members that may hold the time, as VictoriaLogs' clients name them: the first that is there. */
                    _time_field?: string;
                    /** @description Members that may hold the message: the first that is there. */
                    _msg_field?: string;
                    /** @description `name=value`, by commas: fields of every event. */
                    extra_fields?: string;
                    /** @description Fields that are not recorded, by commas; a `*` at the end stands for anything. */
                    ignore_fields?: string;
                    /**
                     * @description The name of a file of history, for `admin`: its events count as imported, and the same line of the same file is
                     *     the same event.
                     */
                    import?: string;
                    /** @description Where in that file this body begins, when it comes in parts: `place` of the answer to the part before. */
                    place?: string;
                    /** @description The events' source, when they do not come from their sender alone: an MCP server that an agent reports through. */
                    via?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "text/plain": string;
                };
            };
            responses: {
                /** @description Recorded durably; refused lines are named */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recorded"];
                    };
                };
                /** @description The body can't be read */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body is too large */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Every event was refused */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Recorded"];
                    };
                };
                /** @description The credential sends too fast */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too much is waiting, or the recorder has stopped */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The disk is full */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event with everything that is known of it, by id or by index. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description header, who, facts, sections; why a section is gone */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description No such event */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{id}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The C2SP tlog-proof of an event; the entry is its extra data, so that the file can be checked alone. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description c2sp.org/tlog-proof@v1 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description No such event, or not sealed yet (a second later it is) */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists legal holds. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All holds, by id */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LegalHolds"];
                    };
                };
            };
        };
        put?: never;
        /** Sets a legal hold. It counts when this is answered. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LegalHold"];
                };
            };
            responses: {
                /** @description The hold */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LegalHold"];
                    };
                };
                /** @description There is one of that id */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Releases a legal hold: what it kept goes with the next run. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description its id */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is released */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LegalHolds"];
                    };
                };
                /** @description There is none of that id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Incidents, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description `open` (when not given), `all`, or `reception`, `investigation`, `remediation`, `post_mortem`, `closed`. */
                    state?: string;
                    /** @description `critical`, `warning` or `info`. */
                    severity?: string;
                    /** @description Incidents that are about this agent. */
                    agent?: string;
                    /** @description Newest first; 100 when not given, at most 1,000. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Incidents */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incidents"];
                    };
                };
                /** @description Alerting is switched off */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long it took to answer and to be over, by severity. */
        get: {
            parameters: {
                query?: {
                    /** @description Incidents that were opened within so many days; 30 when not given. */
                    days?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Figures */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IncidentReport"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One incident with its timeline, closed or not. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The incident */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
                /** @description There is none of this id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/containment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says what contains it, or that somebody verified that it does. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Containing"];
                };
            };
            responses: {
                /** @description The incident */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/event": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts an event of the log into its timeline. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Attaching"];
                };
            };
            responses: {
                /** @description The incident */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
                /** @description There is no such incident or event */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/follow-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Notes what is to be done afterwards, or that it is done. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Following"];
                };
            };
            responses: {
                /** @description The incident */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/note": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Writes a note into its timeline. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Noting"];
                };
            };
            responses: {
                /** @description The incident */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/post-mortem": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The post-mortem of an incident: each line with its place on the log. */
        get: {
            parameters: {
                query?: {
                    /** @description `markdown`, `html` for a page to print, or `pdf`; by `Accept` when not given. */
                    format?: "markdown" | "html" | "pdf";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Markdown, a page, or PDF */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/markdown": string;
                    };
                };
                /** @description There is none of this id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives somebody a role, or takes it away. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Playing"];
                };
            };
            responses: {
                /** @description The incident */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Moves it to another state. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Moving"];
                };
            };
            responses: {
                /** @description The incident */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
                /** @description It can't go there from where it is, or a note is missing */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is none of this id */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description of the interface. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OpenAPI 3.1 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/otlp/v1/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records the log records of an OTLP request. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-protobuf": string;
                };
            };
            responses: {
                /** @description ExportLogsServiceResponse; refused records are counted in it */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description The request is no OTLP */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description The credential sends too fast */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description Too much is waiting, or the recorder has stopped */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/otlp/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records the points of an OTLP request's metrics. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-protobuf": string;
                };
            };
            responses: {
                /** @description ExportMetricsServiceResponse; as for logs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/otlp/v1/traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records the spans of an OTLP request. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-protobuf": string;
                };
            };
            responses: {
                /** @description ExportTraceServiceResponse; as for logs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The slowest queries since the start. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The ten slowest, slowest first: query, milliseconds */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks in the pipe language; the body is the query itself, or `{"query": "…"}`. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description How far back: 15m, 24h, 7d. Everything when no time is given. */
                    last: string | null;
                    /** @description At or after this time (RFC 3339). */
                    from: string | null;
                    /** @description Before this time; now when it is not given. */
                    to: string | null;
                    /** @description Whose clock: `server`, when events were recorded, or `event`, what their senders say. */
                    time: components["schemas"]["Whose"] | null;
                    /** @description Says what the query means and its SQL instead of running it. */
                    explain: boolean;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "text/plain": string;
                };
            };
            responses: {
                /** @description As /v1/sql; with explain the meaning and the SQL as text */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description The query is not understood, with its place */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query asks for too much */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What there is by age, what waits, and how long what is kept. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Ages, tiers, what waits */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Status"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/retention/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends erasures that wait and takes out what is too old, now. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What was done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Run"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Free text, filters and a cursor; newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Words, "phrases", field:value, each with `-` before it for "not". */
                    q?: string;
                    /** @description At or after this time: RFC 3339, or Unix time. */
                    from?: string;
                    /** @description Before this time. */
                    to?: string;
                    agent?: string;
                    session?: string;
                    /** @description Type or name of the action. */
                    type?: string;
                    /** @description `success`, `failed`, `partial`, `running`. */
                    status?: string;
                    user?: string;
                    /** @description At most 10,000; 100 when it is not given. */
                    limit?: number;
                    /** @description Where the page before ended. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description As /v1/sql */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description The search is not understood */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A session from its first event to its last, as a person reads it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description JSON, or text when Accept is text/plain */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description No such session */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sql": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Asks in SQL. */
        get: {
            parameters: {
                query: {
                    /** @description One SELECT in PostgreSQL's dialect. */
                    query: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description JSON {columns, rows, …}, NDJSON, CSV or an Arrow stream, by Accept; a member or last line `error` when it is not whole */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description The query is not understood, with its place */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query asks for too much */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Asks in SQL; the body is the query itself, or `{"query": "…"}`. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "text/plain": string;
                };
            };
            responses: {
                /** @description As GET */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description The query is not understood, with its place */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The query asks for too much */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/subjects/{user}/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Erases a person's data, or makes it anonymous. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description the user as events name it */
                    user: string;
                };
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["Wish"] | null;
                };
            };
            responses: {
                /** @description No file holds it any more; what a legal hold keeps is counted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Erased"];
                    };
                };
                /** @description Nobody was recorded by that name */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/subjects/{user}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives everything that is recorded of a person. */
        get: {
            parameters: {
                query?: {
                    /** @description `json` or `csv`; else the header Accept decides, and JSON is the default. */
                    format?: components["schemas"]["Form"];
                };
                header?: never;
                path: {
                    /** @description the user as events name it */
                    user: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description JSON {user, count, events: [{index, entry, who, facts, input, …, gone}]}, or CSV with a column for each section */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description Nobody was recorded by that name */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follows the log live. */
        get: {
            parameters: {
                query?: {
                    /** @description Only this agent. */
                    agent?: string;
                    /** @description Only this named stream. */
                    stream?: components["schemas"]["Stream"];
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description text/event-stream: each message's data is one event as JSON, its id the index */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/traces/ingest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Records what the OpenAI Agents SDK's own exporter posts. It looks at the status only. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "text/plain": string;
                };
            };
            responses: {
                /** @description Recorded */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description There is no list of traces and spans */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What somebody says with it; an empty body says nothing. */
        Acting: {
            /**
             * @description Who does it; the name of the API key when not given.
             * @default null
             */
            by: string | null;
            /**
             * Format: int32
             * @description For how long to snooze.
             * @default null
             */
            minutes: number | null;
            /** @default null */
            note: string | null;
            /**
             * @description To whom it is assigned.
             * @default null
             */
            to: string | null;
        };
        Alert: {
            acknowledged_at?: string | null;
            acknowledged_by?: string | null;
            annotations: {
                [key: string]: string;
            };
            assigned_to?: string | null;
            ends_at?: string | null;
            /** @description Events that it is about, the newest. */
            evidence: components["schemas"]["AlertEvidence"][];
            /** @description It comes and goes. */
            flapping: boolean;
            history: components["schemas"]["Happened"][];
            id: string;
            labels: {
                [key: string]: string;
            };
            muted_by?: components["schemas"]["MutedBy"] | null;
            receivers: string[];
            rule: string;
            /** @description SHA-256 of what the rule means, and the size of the log that it saw: with the log, anybody computes it again. */
            rule_hash: string;
            severity: string;
            snoozed_until?: string | null;
            starts_at: string;
            /** @description `firing`, `acknowledged`, `snoozed` or `resolved`. */
            state: string;
            tier?: string | null;
            title: string;
            /** Format: int64 */
            tree_size: number;
            /** @description What the rule computed. */
            values: Record<string, never>;
            window: components["schemas"]["Window"];
        };
        /** @description The document of the interface has one name for each; a finding of coverage has evidence too. */
        AlertEvidence: {
            at: string;
            id: string;
            /** Format: int64 */
            index: number;
        };
        Alerts: {
            alerts: components["schemas"]["Alert"][];
            faults: string[];
            /** @description Whether rules follow the log, and why not. */
            following: boolean;
            /** @description Open alerts by severity, whatever was asked for. */
            totals: {
                [key: string]: number;
            };
        };
        Attaching: {
            /** @default null */
            by: string | null;
            /**
             * @description Index or id of an event.
             * @default
             */
            event: string;
            /**
             * @description Why it belongs to it.
             * @default null
             */
            note: string | null;
        };
        Cause: {
            alert?: string | null;
            entry?: components["schemas"]["Entry"] | null;
            text: string;
        };
        Change: {
            agent: string;
            at: string;
            entry: components["schemas"]["Entry"];
            /** @description `deployment`, `configuration`, `prompt`, `model` or `version`. */
            kind: string;
            /** @description Whether the agent is one of the incident. */
            same_agent: boolean;
            text: string;
        };
        Channel: {
            /** Format: int64 */
            failed: number;
            /** @description `slack`, `email` and so on. */
            kind: string;
            /** @description What the newest message failed with. */
            last_error?: string | null;
            /** @description Where in the routing it stands. */
            place: string;
            /** Format: int64 */
            sent: number;
            /** @description Where it goes, without secrets. */
            to: string;
            /** Format: int64 */
            waiting: number;
        };
        Checked: {
            advice: string[];
            errors: components["schemas"]["TextError"][];
            explanation?: string | null;
            /** @description What failed of the tests that the rules carry. */
            failures: string[];
            formatted?: string | null;
            /** Format: int64 */
            rules: number;
        };
        Common: {
            /**
             * Format: int32
             * @description Different alerts that have it.
             */
            causes: number;
            /** @description `agent`, `session`, `workflow`, `call` or `address`. */
            kind: string;
            value: string;
        };
        Computed: {
            alert: string;
            at: string;
            group: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description The newest event that it is about; of one that is on the log, its own entry.
             */
            index?: number | null;
            rule: string;
        };
        Containing: {
            /** @default null */
            by: string | null;
            /**
             * @description What keeps it from going on; or how that was checked.
             * @default
             */
            note: string;
            /**
             * @description Whether the note says how it was checked.
             * @default false
             */
            verified: boolean;
        };
        Containment: components["schemas"]["Word"] & {
            verified?: components["schemas"]["Word"] | null;
        };
        /** @description Something that was too much to read. */
        Cut: {
            /** Format: int64 */
            limit: number;
            /** @description Nothing before this moment was looked at in what was cut, RFC 3339. */
            since?: string | null;
            what: string;
        };
        Deliveries: {
            deliveries: components["schemas"]["Delivery"][];
        };
        Delivery: {
            /** @description The alerts that it tells of. */
            alerts: string[];
            /** @description When the message was made. */
            at: string;
            /** Format: int32 */
            attempts: number;
            /** @description Where in the routing its channel stands. */
            channel: string;
            /** @description When it is tried next. */
            due?: string | null;
            error?: string | null;
            id: string;
            /** @description `firing`, `resolved`, `repeated`, `escalated`, `digest` or `test`. */
            notice: string;
            receiver: string;
            /** @description `waiting`, `sent` or `failed`. */
            state: string;
            title: string;
        };
        /** @description A place on the log: `tachograph prove INDEX` gives its proof. */
        Entry: {
            id: string;
            /** Format: int64 */
            index: number;
        };
        /** @description What became of a request. */
        Erased: {
            /**
             * Format: int64
             * @description Entries without the person's sections now.
             */
            entries: number;
            /** @description The id that the events on the log have it under. */
            erasure: string;
            /**
             * Format: int64
             * @description Entries that a legal hold keeps; the erasure goes on when it is released.
             */
            held: number;
            /** @description `erase` or `anonymise`. */
            mode: string;
            /** @description The subject's tag of this erasure: names the person only to who has the destroyed secret. */
            subject: string;
        };
        /** @description What a finding can be looked up by. */
        Evidence: {
            /** @description Ids of calls; the first 20. */
            calls: string[];
            /** @description Indices of events; the first 20. */
            events: number[];
            /** @description Missing running numbers; the first 20 gaps. */
            gaps: components["schemas"]["Gap"][];
            /**
             * Format: int64
             * @description How many things are missing: calls, numbers.
             */
            missing: number;
            /**
             * Format: int64
             * @description Of how many.
             */
            of: number;
        };
        /** @description What a source saw of an agent. Each share is a count of a count. */
        Figure: {
            agent: string;
            /**
             * Format: int64
             * @description Calls that any source saw.
             */
            calls_all: number;
            /**
             * Format: int64
             * @description Those of them in sessions that this source told of at all.
             */
            calls_in_its_sessions: number;
            /** Format: int64 */
            calls_seen: number;
            /**
             * Format: double
             * @description calls_seen / calls_all, four places; null without a call.
             */
            calls_share?: number | null;
            /** Format: int64 */
            events: number;
            last_seen?: string | null;
            /** Format: int64 */
            numbers_all: number;
            /**
             * Format: int64
             * @description Running numbers that came, and that should have come.
             */
            numbers_seen: number;
            /** Format: int64 */
            sessions_all: number;
            /** Format: int64 */
            sessions_seen: number;
            /** @description `hook`, `otel_log`, `otel_span`, `transcript`, or the way in. */
            source: string;
        };
        /** @description Means and medians are over the incidents that have the time; those that went away by themselves have none. */
        Figures: {
            /** Format: int64 */
            answered: number;
            /** Format: int64 */
            closed: number;
            /**
             * Format: int64
             * @description Nobody had answered in time.
             */
            late: number;
            /**
             * Format: double
             * @description From the opening to the first answer.
             */
            mean_answer_seconds?: number | null;
            /**
             * Format: double
             * @description From the opening until it was over.
             */
            mean_resolve_seconds?: number | null;
            /** Format: double */
            median_answer_seconds?: number | null;
            /** Format: double */
            median_resolve_seconds?: number | null;
            /** Format: int64 */
            opened: number;
            /** Format: int64 */
            resolved: number;
            severity: string;
        };
        /** @description Something that is missing. */
        Finding: {
            /** @description What to do about it. */
            advice: string;
            agent?: string | null;
            evidence: components["schemas"]["Evidence"];
            /** @description The same for the same gap in every report. */
            id: string;
            kind: components["schemas"]["Kind"];
            session?: string | null;
            severity: components["schemas"]["Severity"];
            /** @description Since when, RFC 3339. */
            since?: string | null;
            source?: string | null;
            /** @description What is missing. */
            what: string;
        };
        Firing: {
            at: string;
            group: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description The newest event that it is about.
             */
            index?: number | null;
            values: Record<string, never>;
        };
        FollowUp: {
            done_at?: string | null;
            done_by?: string | null;
            due?: string | null;
            /** Format: int32 */
            number: number;
            owner?: string | null;
            text: string;
        };
        Following: {
            /** @default null */
            by: string | null;
            /**
             * Format: int32
             * @description In place of a text: the number of the one that is done.
             * @default null
             */
            done: number | null;
            /**
             * @description A day such as 2026-12-01.
             * @default null
             */
            due: string | null;
            /** @default null */
            note: string | null;
            /** @default null */
            owner: string | null;
            /**
             * @description What is to be done: a new follow-up.
             * @default null
             */
            text: string | null;
        };
        /**
         * @description How an export is written.
         * @enum {string}
         */
        Form: "json" | "csv";
        /** @description Running numbers that did not come. */
        Gap: {
            /** Format: int64 */
            first: number;
            /** Format: int64 */
            last: number;
        };
        Happened: {
            at: string;
            by?: string | null;
            note?: string | null;
            what: string;
        };
        /** @description How the server is. */
        Health: {
            /** @description What is wrong and what to do. */
            faults: string[];
            /**
             * Format: int64
             * @description Entries under the published checkpoint.
             */
            sealed: number;
            /**
             * Format: int64
             * @description Entries on the log.
             */
            size: number;
            /** @description `ok`, `degraded` (something failed and is tried again) or `stopped` (nothing is recorded any more). */
            status: string;
            /**
             * Format: int64
             * @description Entries that queries see.
             */
            visible: number;
        };
        /** @description An incident with everything that is known of it. */
        Incident: components["schemas"]["Summary"] & {
            alerts_listed: components["schemas"]["Listed"][];
            /**
             * Format: int64
             * @description Alerts beyond those that are listed.
             */
            alerts_more: number;
            changes: components["schemas"]["Change"][];
            /** @description Whether changes have been looked for. */
            changes_known: boolean;
            containment?: components["schemas"]["Containment"] | null;
            entities: components["schemas"]["Common"][];
            follow_ups: components["schemas"]["FollowUp"][];
            /** @description Where it can go from here. */
            next: components["schemas"]["Next"][];
            related: string[];
            roles: {
                [key: string]: string;
            };
            suggested_cause?: components["schemas"]["Cause"] | null;
            timeline: components["schemas"]["Line"][];
        };
        /** @description The document of the interface has one name for each; coverage has a report too. */
        IncidentReport: {
            /** @description The worst first. */
            by_severity: components["schemas"]["Figures"][];
            /** Format: int32 */
            days: number;
            from: string;
            /** Format: int64 */
            incidents: number;
            to: string;
        };
        Incidents: {
            incidents: components["schemas"]["Summary"][];
            /** @description Incidents that are not closed by state, whatever was asked for. */
            totals: {
                [key: string]: number;
            };
        };
        KeptClass: {
            class: string;
            /** Format: int32 */
            days: number;
        };
        /**
         * @description What kind of thing is missing.
         * @enum {string}
         */
        Kind: "hooks_off" | "calls_unseen" | "source_absent" | "sequence_gap" | "hook_failing" | "point_never_seen" | "point_silent" | "agent_silent" | "session_open";
        /**
         * @description A legal hold: what it covers is neither erased nor does it expire. It covers an event when everything that is named
         *     fits.
         */
        LegalHold: {
            /** @description Agent's id as entries have it. */
            agent?: string | null;
            /** @description Retention class. */
            class?: string | null;
            /** @description When it was set. */
            created?: string | null;
            /** @description Covers every event: the only way to name nothing else. */
            everything?: boolean;
            /** @description Recorded at or after this time. */
            from?: string | null;
            /** @description What people call it. */
            id: string;
            reason?: string | null;
            session?: string | null;
            /** @description Recorded before this time. */
            to?: string | null;
            user?: string | null;
        };
        /** @description All holds. */
        LegalHolds: {
            holds: components["schemas"]["LegalHold"][];
        };
        Line: {
            at: string;
            by?: string | null;
            entry?: components["schemas"]["Entry"] | null;
            kind: string;
            note?: string | null;
            text: string;
        };
        Listed: {
            ends_at?: string | null;
            id: string;
            rule: string;
            severity: string;
            starts_at: string;
            title: string;
        };
        /**
         * @description What becomes of a data subject.
         * @enum {string}
         */
        Mode: "erase" | "anonymise";
        /** @description Where it goes. */
        Moving: {
            /**
             * @description Who does it; the name of the API key when not given.
             * @default null
             */
            by: string | null;
            /** @default null */
            note: string | null;
            /**
             * @description One of the incident's `next`.
             * @default
             */
            to: string;
        };
        /** @description What mutes an alert; it fires all the same. */
        MutedBy: {
            /** @description The silence's id. */
            silence: string;
        } | {
            /** @description The labels of the alert that says more. */
            inhibited_by: {
                [key: string]: string;
            };
        };
        Next: {
            /** @description Whether a note has to say why. */
            needs_note: boolean;
            state: string;
        };
        Noting: {
            /** @default null */
            by: string | null;
            /** @default  */
            note: string;
        };
        /** @description Where something is wrong in a text, for programs that mark it. */
        Place: {
            /**
             * Format: int64
             * @description From one, in characters.
             */
            column: number;
            /** @description What could stand there. */
            expected?: string | null;
            /**
             * Format: int64
             * @description From one.
             */
            line: number;
            /** @description The name that was probably meant. */
            nearest?: string | null;
        };
        Playing: {
            /** @default null */
            by: string | null;
            /** @default null */
            note: string | null;
            /**
             * @description `commander`, `communications`, `scribe` or any other word.
             * @default
             */
            role: string;
            /**
             * @description Who has it from now on; nobody when empty.
             * @default
             */
            who: string;
        };
        /** @description A declared point and who saw it. */
        PointState: {
            by_source: components["schemas"]["Seen"][];
            /** Format: int64 */
            events: number;
            /**
             * Format: int64
             * @description Index of the last event.
             */
            last_index?: number | null;
            last_seen?: string | null;
            point: string;
            /** @description The longest silence that is allowed, as it was written. */
            silence?: string | null;
            /** @description `seen`, `silent` or `never_seen`. */
            state: string;
        };
        Posted: {
            /**
             * Format: int64
             * @description Channels that get the message.
             */
            channels: number;
        };
        /** @description An answer that says what is wrong. */
        Problem: {
            /** @description What exactly, where, and what was expected. */
            detail: string;
            place?: components["schemas"]["Place"] | null;
            /**
             * Format: int64
             * @description After how many seconds to try again.
             */
            retry_after?: number | null;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description What kind of trouble, the same text for each of its kind. */
            title: string;
        };
        Receiver: {
            /** @description Empty: told on the dashboard only. */
            channels: components["schemas"]["Channel"][];
            name: string;
        };
        Receivers: {
            receivers: components["schemas"]["Receiver"][];
        };
        /** @description What came of it. */
        Recomputed: {
            /**
             * Format: int64
             * @description Alerts that are on the log and are due.
             */
            agree: number;
            /** @description On the log, of a rule that has been edited since: it can't be judged with the rule of today. */
            edited: components["schemas"]["Computed"][];
            /**
             * Format: int64
             * @description Entries that were read.
             */
            entries: number;
            /** @description On the log, and not due. */
            extra: components["schemas"]["Computed"][];
            from: string;
            /** @description Due, and not on the log. */
            missing: components["schemas"]["Computed"][];
            /** Format: int64 */
            rules: number;
            to: string;
        };
        /** @description What became of a request's events. */
        Recorded: {
            /**
             * Format: int64
             * @description Events that are on the log now.
             */
            accepted: number;
            /**
             * Format: int64
             * @description Events that were on the log before: same id and content.
             */
            duplicates: number;
            /**
             * Format: int64
             * @description Index of the first accepted event.
             */
            first_index?: number | null;
            /** Format: int64 */
            last_index?: number | null;
            /** @description Where a part of a file of history ended: the parameter `place` of the next one. */
            place?: string | null;
            /** @description Lines that were refused, at most a thousand of them named. */
            rejected: components["schemas"]["RejectedLine"][];
            /** Format: int64 */
            rejected_count: number;
        };
        /** @description A line that was refused. */
        RejectedLine: {
            /**
             * Format: int64
             * @description Line of the body, or position in its array, from 1.
             */
            line: number;
            /** @description What is wrong and what was expected. */
            reason: string;
        };
        Replayed: {
            rules: components["schemas"]["ReplayedRule"][];
        };
        ReplayedRule: {
            /** Format: int64 */
            events: number;
            /** Format: int64 */
            fired: number;
            /** @description The newest, oldest first. */
            firings: components["schemas"]["Firing"][];
            from: string;
            /** @description What it could not do. */
            notes: string[];
            /**
             * Format: double
             * @description Absent when less than an hour was replayed.
             */
            per_week?: number | null;
            rule: string;
            to: string;
        };
        /** @description What was looked at, what it comes to, and what is missing. */
        Report: {
            /** @description What was left out because there was too much of it. */
            cut: components["schemas"]["Cut"][];
            figures: components["schemas"]["Figure"][];
            /** @description The gravest first. */
            findings: components["schemas"]["Finding"][];
            /**
             * Format: int64
             * @description Findings beyond those listed.
             */
            findings_more: number;
            /** @description What each figure is made of. */
            formulas: Record<string, never>;
            /** @description The range in the time that senders say (RFC 3339); calls outside it are not counted. */
            from: string;
            points: components["schemas"]["PointState"][];
            to: string;
            /**
             * Format: int64
             * @description Size of the log that the report is about.
             */
            tree_size: number;
        };
        Rule: {
            actions: string[];
            annotations: {
                [key: string]: string;
            };
            controls: string[];
            /** @description `stream`, or how often it is evaluated. */
            every: string;
            /** @description What it means in words, and its SQL; for one rule only. */
            explanation?: string | null;
            /** Format: int64 */
            firing: number;
            /** Format: int64 */
            groups: number;
            hash: string;
            id: string;
            last_fired_at?: string | null;
            /**
             * Format: int64
             * @description Events that came too late, of groups beyond the limit, and instants that were left out.
             */
            late: number;
            /** Format: int64 */
            learning: number;
            query: string;
            /** Format: int64 */
            refused: number;
            severity: string;
            /** Format: int64 */
            skipped: number;
            /** @description `builtin`, or the file that it stands in. */
            source: string;
            /** @description `inactive`, `learning` (too little history to say what is usual) or `firing`. */
            state: string;
            /** @description The text of the file that it stands in, of a built-in one its own; for one rule only. */
            text?: string | null;
            tier?: string | null;
            title: string;
            window: string;
        };
        Rules: {
            /** @description What could not be used. */
            errors: string[];
            /** @description The rule files and the SHA-256 of what they hold. */
            files: {
                [key: string]: string;
            };
            following: boolean;
            /**
             * Format: int64
             * @description Entries of the log that the rules have seen.
             */
            position: number;
            rules: components["schemas"]["Rule"][];
        };
        /** @description What a run did. */
        Run: {
            /**
             * Format: int64
             * @description Entries of which something was taken out by age.
             */
            entries: number;
            /**
             * Format: int64
             * @description Erasures that were waiting and could be ended.
             */
            erasures: number;
            /** @description Periods whose sections are gone and whose secrets are destroyed. */
            expired: string[];
            /** @description Periods whose time is over, and of which a hold or an entry's own retention keeps something. */
            kept: string[];
        };
        /** @description A point as one source saw it. */
        Seen: {
            /** Format: int64 */
            events: number;
            last_seen: string;
            source: string;
        };
        /**
         * @description How grave a finding is.
         * @enum {string}
         */
        Severity: "critical" | "warning" | "info";
        Silence: {
            approved_by?: string | null;
            by: string;
            comment: string;
            ends_at: string;
            id: string;
            matchers: string[];
            /**
             * Format: int64
             * @description Open alerts that it mutes now.
             */
            mutes: number;
            starts_at: string;
            /** @description `active`, `pending` before it starts, or `waiting` for a second person to agree. */
            state: string;
        };
        Silences: {
            silences: components["schemas"]["Silence"][];
        };
        /** @description How long what is kept, and what there is. */
        Status: {
            /** @description Days that each class is kept. */
            classes: components["schemas"]["KeptClass"][];
            /**
             * Format: int64
             * @description Erasures that a legal hold or a fault keeps from their end.
             */
            erasures_waiting: number;
            /** Format: int64 */
            holds: number;
            /**
             * Format: int32
             * @description Days up to which events are hot, and warm.
             */
            hot_days: number;
            /**
             * Format: int32
             * @description Days that section `who` is kept.
             */
            personal_days: number;
            /** @description Segments by the age of their newest event. */
            tiers: components["schemas"]["Tier"][];
            /** Format: int32 */
            warm_days: number;
        };
        /**
         * @description A stream of events by what they are about.
         * @enum {string}
         */
        Stream: "application" | "critical" | "security" | "audit" | "performance";
        /** @description An incident in a list. */
        Summary: {
            agents: string[];
            /**
             * Format: int64
             * @description Alerts that belong to it, and how many of those that are listed are not over.
             */
            alerts: number;
            /** @description Until when somebody has to answer. */
            answer_due_at: string;
            answered_at?: string | null;
            answered_by?: string | null;
            /** @description What is suggested as its cause. */
            cause?: string | null;
            closed_at?: string | null;
            commander?: string | null;
            contained_at?: string | null;
            /** Format: int64 */
            firing: number;
            id: string;
            /** @description Nobody had answered by then. */
            late: boolean;
            opened_at: string;
            resolved_at?: string | null;
            severity: string;
            /** @description `reception`, `investigation`, `remediation`, `post_mortem` or `closed`. */
            state: string;
            title: string;
        };
        /** @description A rule file's text. */
        Text: {
            /** @description Who saves it; the name of the API key when not given. */
            by?: string | null;
            /**
             * Format: int32
             * @description For a replay: the last so many days; 7 when not given.
             */
            days?: number | null;
            text: string;
        };
        TextError: {
            /**
             * Format: int64
             * @description From one.
             */
            line: number;
            message: string;
        };
        /** @description Segments of one age. */
        Tier: {
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            entries: number;
            /** Format: int64 */
            segments: number;
            /** @description `hot`, `warm` or `cold`. */
            tier: string;
        };
        /** @description A silence that is wanted. */
        Wanted: {
            /** @description Who wants it; the name of the API key when not given. */
            by?: string | null;
            /** @description Why. */
            comment?: string;
            /** @description This or `minutes`. */
            ends_at?: string | null;
            /** @description Of the silence that it replaces. */
            id?: string | null;
            /** @description Such as `alertname="hung_agent"`, `agent_id=~"dev-.*"`; all of them match. */
            matchers: string[];
            /** Format: int32 */
            minutes?: number | null;
            /** @description Now when not given. */
            starts_at?: string | null;
        };
        /**
         * @description The clock that times are of.
         * @enum {string}
         */
        Whose: "server" | "event";
        Window: {
            from: string;
            to: string;
        };
        /** @description How a person is to be erased. */
        Wish: {
            mode?: components["schemas"]["Mode"] | null;
            /** @description Why, for the record. Do not name the person in it. */
            reason?: string | null;
        };
        /** @description Who said it, when, and what. */
        Word: {
            at: string;
            by: string;
            note: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
