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
    "/v1/agents/stopped": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is stopped; with a name, whether that agent is. */
        get: {
            parameters: {
                query?: {
                    /** @description The agent. With a key that stands for an agent and without this, that one. */
                    agent?: string;
                    /** @description The agent, when neither `agent` nor the key says which. */
                    assumed?: string;
                    /** @description A part of it, such as a sub-agent, that may be stopped alone. */
                    part?: string;
                    session?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The stops that there are */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Stopped"];
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
    "/v1/agents/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes an agent off the stop list. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description the agent as the stop names it */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Releasing"];
                };
            };
            responses: {
                /** @description The stop that was ended */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Stop"];
                    };
                };
                /** @description It is not stopped */
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
    "/v1/agents/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts an agent on the stop list. Whoever runs it asks for that: see docs/guide/responses.md. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description the agent as events name it */
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Stopping"];
                };
            };
            responses: {
                /** @description The stop, also when it was there already */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Stop"];
                    };
                };
                /** @description A text is too long, or it is no agent */
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
    "/v1/alerts/maintenance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Maintenance windows that are not over. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Windows */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Maintenance"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Begins maintenance, now or at a time: what fires about what the matchers name is told after it, or not at all. That
         *     something is over, or answered, is told all the same.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Begun"];
                };
            };
            responses: {
                /** @description The window */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MaintenanceWindow"];
                    };
                };
                /** @description It concerns everything, has no reason or no end */
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
    "/v1/alerts/maintenance/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Ends a window now; one that the routing plans is ended there. */
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
                /** @description The routing plans it */
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/maintenance/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Agrees with a window of somebody else that would mute a critical built-in rule. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The window counts now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MaintenanceWindow"];
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
    "/v1/alerts/oncall": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is on call, now or at a moment, and who comes next. */
        get: {
            parameters: {
                query?: {
                    /** @description A moment; now when not given. */
                    at?: string;
                    /** @description How many days ahead; 14 when not given, at most 90. */
                    days?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Schedules with their turns, overrides, people, policies */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OnCall"];
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
    "/v1/alerts/oncall/overrides": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets somebody take over for a while, from now on unless a begin is given. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TakeOver"];
                };
            };
            responses: {
                /** @description The override */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OnCallOverride"];
                    };
                };
                /** @description There is no such schedule or person, or it ends before it begins */
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
    "/v1/alerts/oncall/overrides/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes an override away: the schedule counts again. */
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
    "/v1/alerts/rules/edits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Edits of critical built-in rules that wait for a second person, oldest first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Edits that wait */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Edits"];
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
    "/v1/alerts/rules/edits/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes back an edit that waits, or says no to it. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It does not wait any more, and nothing was saved */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
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
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/rules/edits/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Agrees with an edit of somebody else that changes a critical built-in rule: it is saved. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is saved, and counts now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Edit"];
                    };
                };
                /** @description It is your own, or the file is another one by now */
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
        /**
         * Saves a rule file; its rules count at once. A rule of the id of a built-in one takes its place; one that takes the place
         *     of a critical one waits until a second person agrees, where more than one key may act.
         */
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
                /** @description It waits for a second person */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Edit"];
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
                /** @description It waits for a second person */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Edit"];
                    };
                };
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
    "/v1/capacity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Growth, disk, queues, headroom, and when the disk is full if nothing changes. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Figures, measured now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Capacity"];
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
    "/v1/dashboards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every dashboard that the server keeps. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description By name */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Dashboards"];
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
    "/v1/dashboards/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Keeps a dashboard. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DashboardText"];
                };
            };
            responses: {
                /** @description It is kept */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Dashboard"];
                    };
                };
                /** @description Somebody else changed it meanwhile */
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
        post?: never;
        /** Takes a dashboard away. */
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
                /** @description There is none */
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
                /** @description No such event, or not sealed yet, though up to two seconds are waited for it */
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
        /** Opens an incident by hand. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Opening"];
                };
            };
            responses: {
                /** @description The incident, also when it was open already */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
                /** @description The title is missing, or an alert belongs to another incident */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such alert or event */
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
    "/v1/incidents/{id}/alert": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes an alert into an incident, or out of it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Joining"];
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
                /** @description The alert belongs to another incident */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such incident or alert */
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
        /** Puts an event of the log into its timeline, or takes it out again. */
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
    "/v1/incidents/{id}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Merges an incident into another, which has its alerts from then on. The one that was merged is closed, names the other
         *     and keeps its timeline.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Merging"];
                };
            };
            responses: {
                /** @description The incident that goes on */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
                /** @description One of them was merged before, or the other is closed */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such incident */
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
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the keys, never the secrets. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description All keys, also revoked ones */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApiKeys"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a key, and shows it once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WantedKey"];
                };
            };
            responses: {
                /** @description The key; nobody can show it again */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewKey"];
                    };
                };
                /** @description It is no key: what is wrong with it */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The first key must be an administrator's, or nobody could go on */
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
    "/v1/keys/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a key away, at once and for ever. */
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
                /** @description All keys */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApiKeys"];
                    };
                };
                /** @description There is no active key of that id */
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
                /** @description As /v1/sql; with explain the meaning and the SQL */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Meaning"];
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
    "/v1/redaction/try": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says what redaction makes of a text. Nothing is recorded. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RedactionText"];
                };
            };
            responses: {
                /** @description The text as it would be stored, and which detectors found something */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Redacted"];
                    };
                };
                /** @description The text is too long */
                413: {
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
    "/v1/replies/link/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A signed link of a message: a page that asks. Programs that look at mails open each link; only its button does
         *     something.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description the signed link */
                    token: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The signature is not the vendor's, or too old */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description This way back is not open: its secret is not set */
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
        /** The button of that page: acknowledges the alerts that are ticked on it, and no other. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description the signed link */
                    token: string;
                };
                cookie?: never;
            };
            /** @description `alert=ID` for each that is to be acknowledged, of those that the page lists */
            requestBody: {
                content: {
                    "application/x-www-form-urlencoded": string;
                };
            };
            responses: {
                /** @description The page that says what was done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The signature is not the vendor's, or too old */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description This way back is not open: its secret is not set */
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
    "/v1/replies/pagerduty": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** An answer in PagerDuty, as its v3 webhook sends it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": string;
                };
            };
            responses: {
                /** @description It was taken */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The signature is not the vendor's, or too old */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description This way back is not open: its secret is not set */
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
    "/v1/replies/slack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A button of a message in Slack, as Slack's interactivity sends it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-www-form-urlencoded": string;
                };
            };
            responses: {
                /** @description What was pressed was done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The signature is not the vendor's, or too old */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description This way back is not open: its secret is not set */
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
    "/v1/replies/telegram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A button of a message in Telegram, as its webhook sends it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": string;
                };
            };
            responses: {
                /** @description The answer for Telegram */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The signature is not the vendor's, or too old */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description This way back is not open: its secret is not set */
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
    "/v1/replies/twilio/text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A text message, as Twilio sends it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-www-form-urlencoded": string;
                };
            };
            responses: {
                /** @description TwiML with the answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The signature is not the vendor's, or too old */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description This way back is not open: its secret is not set */
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
    "/v1/replies/twilio/voice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A digit that was pressed in a call, as Twilio sends it. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-www-form-urlencoded": string;
                };
            };
            responses: {
                /** @description TwiML with the answer */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The signature is not the vendor's, or too old */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description This way back is not open: its secret is not set */
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
    "/v1/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which reports there are, and which were made. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Kinds, and what was made */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Reports"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a report over what the newest checkpoint covers. That it was made is on the log. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WantedReport"];
                };
            };
            responses: {
                /** @description The report, in the wanted form */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MadeReport"];
                    };
                };
                /** @description There is no such report, or no such day */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The first events are not sealed yet: a second later they are */
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
    "/v1/reports/kept/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A report that was made on schedule, as it was written then. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The file */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description There is none of this name */
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
    "/v1/responses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The responses of the configuration, and what was run. */
        get: {
            parameters: {
                query?: {
                    /** @description Such as `waiting`; all when not given. */
                    standing?: string;
                    /** @description Newest first; 100 when not given, at most 1,000. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Responses and runs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Responses"];
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
    "/v1/responses/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One run. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The run */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ResponseRun"];
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
    "/v1/responses/runs/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Agrees to a run that waits: it begins. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Answering"];
                };
            };
            responses: {
                /** @description The run */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ResponseRun"];
                    };
                };
                /** @description It does not wait */
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
    "/v1/responses/runs/{id}/decline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says no to a run that waits. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Answering"];
                };
            };
            responses: {
                /** @description The run */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ResponseRun"];
                    };
                };
                /** @description It does not wait */
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
    "/v1/responses/{name}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks for a response by hand. The same about the same thing is run once, unless it did not do what it should. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Running"];
                };
            };
            responses: {
                /** @description The run: follow it by its id */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ResponseRun"];
                    };
                };
                /** @description There is no such response, or it is about nothing */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There is no such alert or incident */
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
    "/v1/searches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every search that the server keeps. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description By name */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Searches"];
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
    "/v1/searches/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Keeps a search, also in the place of one of its name. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SearchAddress"];
                };
            };
            responses: {
                /** @description All searches */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Searches"];
                    };
                };
            };
        };
        post?: never;
        /** Takes a search away. */
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
                /** @description There is none */
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
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Says who asks. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Name, role and limits of whoever asks */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Who"];
                    };
                };
                /** @description A key is needed */
                401: {
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
        /** Signs in with a key that may read. The cookie counts beside the header `X-Tachograph-Page` only. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignIn"];
                };
            };
            responses: {
                /** @description Who that is; the cookie stands for the key from now on */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Who"];
                    };
                };
                /** @description The key is unknown or was revoked */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description The key may not read, or the header X-Tachograph-Page is missing */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many failed tries from this address */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Signs out: the cookie stands for nothing any more. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Nobody is signed in by this cookie */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
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
        /** Follows the log live; with the header Last-Event-ID from what came behind that index. */
        get: {
            parameters: {
                query?: {
                    /** @description Only this agent. */
                    agent?: string;
                    /** @description Only this named stream. */
                    stream?: components["schemas"]["Stream"];
                    /** @description Begins behind this index; the header Last-Event-ID goes before it. */
                    after?: number;
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
    "/v1/tail/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follows the log live over a WebSocket: each text message is one event as JSON, its `index` says where to come back. */
        get: {
            parameters: {
                query?: {
                    /** @description Only this agent. */
                    agent?: string;
                    /** @description Only this named stream. */
                    stream?: components["schemas"]["Stream"];
                    /** @description Begins behind this index; the header Last-Event-ID goes before it. */
                    after?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A WebSocket; closes with 1001 when the server stops, 1013 when the watcher is too slow */
                101: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A web page of another address asks */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Problem"];
                    };
                };
                /** @description There are too many watchers */
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
             * @description Who does it; the name of the API key when not given. The record names the key as well.
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
            /** @description What had to hold for it to fire, as its rule writes it: `cpu > 950000`. */
            condition?: string | null;
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
            /** @description The same with units, as people read it: `6 USD`, `84 %`, `31m`. */
            shown: {
                [key: string]: string;
            };
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
            /**
             * @description How many there are of what was asked for, of those that are over among the newest 1,000: more than are listed
             *     where `limit` is lower.
             */
            found: number;
            /** @description Open alerts by severity, whatever was asked for. */
            totals: {
                [key: string]: number;
            };
        };
        /** @description What somebody says to a run that waits. */
        Answering: {
            /** @default null */
            by: string | null;
            /** @default null */
            note: string | null;
        };
        /** @description A key as it is listed; the key itself is not kept. */
        ApiKey: {
            /** @description The agent that its events without one belong to. */
            agent?: string | null;
            created: string;
            id: string;
            limits?: components["schemas"]["KeyLimits"] | null;
            name: string;
            /**
             * Format: int32
             * @description Events a second that it may send; without it there is no limit.
             */
            rate?: number | null;
            revoked?: string | null;
            /** @description `agent`, `write`, `viewer`, `auditor`, `operator` or `admin`. */
            role: string;
            /** @description What its events carry on the log. */
            writer: string;
        };
        ApiKeys: {
            /** @description Oldest first. */
            keys: components["schemas"]["ApiKey"][];
        };
        Attaching: {
            /** @default null */
            by: string | null;
            /**
             * @description Whether it is taken out again.
             * @default false
             */
            detach: boolean;
            /**
             * @description Index or id of an event.
             * @default
             */
            event: string;
            /**
             * @description Why.
             * @default null
             */
            note: string | null;
        };
        /** @description A maintenance window that is begun. */
        Begun: {
            /** @description Who works; the name of the API key when not given. */
            by?: string | null;
            /** @description Why. */
            comment?: string;
            /** @description This or `minutes`. */
            ends_at?: string | null;
            /** @description Such as `host="db1"`, `agent_id=~"dev-.*"`; all of them match. */
            matchers: string[];
            /** Format: int32 */
            minutes?: number | null;
            /** @description Now when not given. */
            starts_at?: string | null;
            /** @description `suppress` unless given, or `deliver_after`. */
            strategy?: string;
        };
        /** @description What a server can still take. */
        Capacity: {
            at: string;
            /**
             * Format: int64
             * @description Events that are not signed, or that no query sees yet.
             */
            behind_events: number;
            /**
             * Format: double
             * @description The busiest of the last 24 hours, events a second.
             */
            busiest_hour_per_second: number;
            /** Format: double */
            bytes_per_day: number;
            /** Format: double */
            bytes_per_event: number;
            /** @description Events of each of the last 14 days (24 hours that end now), the oldest first. */
            days: number[];
            /**
             * Format: double
             * @description Missing while nothing grows.
             */
            days_until_full?: number | null;
            /** Format: int64 */
            disk_bytes: number;
            /** Format: int64 */
            events: number;
            /**
             * Format: double
             * @description Of the last seven of them that have any history, a day.
             */
            events_per_day: number;
            /** Format: int64 */
            folder_bytes: number;
            /** Format: int64 */
            free_bytes: number;
            /**
             * Format: double
             * @description Share of the time since the start that the journal was written; the rest is headroom of recording.
             */
            journal_busy: number;
            /** Format: int64 */
            waiting_bytes: number;
            /** Format: int64 */
            waiting_bytes_limit: number;
            /**
             * Format: int64
             * @description Messages of alerts that wait to be sent.
             */
            waiting_messages: number;
            /**
             * Format: int64
             * @description Requests and bytes that wait for the recorder, and how many may.
             */
            waiting_requests: number;
            /** Format: int64 */
            waiting_requests_limit: number;
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
            /**
             * Format: int64
             * @description Messages that became part of another one, because they came faster than the channel is told.
             */
            digested: number;
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
            /** @description Of a rule of before: whether it was due by its text of then; nothing where that text is not known. */
            due?: boolean | null;
            group: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description The newest event that it is about; of one that is on the log, its own entry.
             */
            index?: number | null;
            rule: string;
            /** @description Of a rule of before: the hash of its text. */
            rule_hash?: string | null;
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
        Dashboard: {
            name: string;
            sha256: string;
            /** @description The file as it was written. */
            text: string;
        };
        DashboardText: {
            /** @description Of the text that this one takes the place of; without it there must be none yet. */
            before?: string | null;
            text: string;
        };
        Dashboards: {
            dashboards: components["schemas"]["Dashboard"][];
            /** @description Files that are not shown, and why. */
            faults: string[];
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
            /** @description `waiting`, `sent`, `failed` or `digested`: told together with others. */
            state: string;
            title: string;
            /** @description The message that told it together with others. */
            told_in?: string | null;
        };
        Edit: {
            asked_at: string;
            by: string;
            file: string;
            id: string;
            /** @description The critical built-in rules that would be other ones. */
            rules: string[];
            /** @description `waiting`, for a second person to agree; `saved` when one just did. */
            state: string;
            /** @description Absent when the file is to go away. */
            text?: string | null;
        };
        /** @description Edits of critical built-in rules that wait for a second person. */
        Edits: {
            edits: components["schemas"]["Edit"][];
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
        EscalationLevel: {
            /**
             * Format: int64
             * @description Seconds after the alert began.
             */
            after_s: number;
            people: string[];
            receivers: string[];
            schedules: string[];
        };
        EscalationPolicy: {
            levels: components["schemas"]["EscalationLevel"][];
            name: string;
            /**
             * Format: int32
             * @description How often all levels are gone through again, and so many seconds after the last one.
             */
            repeat: number;
            /** Format: int64 */
            repeat_after_s: number;
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
             * @description Entries that were looked at for calls told of twice: what two newer ones tell of counts twice until then.
             */
            joined: number;
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
        /** @description How many checks ended how. */
        HealthTally: {
            attention: number;
            good: number;
            unanswered: number;
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
        Joining: {
            /**
             * @description Id of an alert, open or over.
             * @default
             */
            alert: string;
            /** @default null */
            by: string | null;
            /**
             * @description Whether it is taken out: it and what its rule finds of the same group come back by hand only.
             * @default false
             */
            detach: boolean;
            /**
             * @description Why.
             * @default null
             */
            note: string | null;
        };
        KeptClass: {
            class: string;
            /** Format: int32 */
            days: number;
        };
        /** @description Whose events a key sees; nothing named is no limit. */
        KeyLimits: {
            /**
             * @description Only events of these agents, and of ids that are other names of them.
             * @default []
             */
            agents: string[];
            /**
             * @description Only events of agents that the registry has in these teams.
             * @default []
             */
            teams: string[];
            /**
             * @description Only events that name this user.
             * @default null
             */
            user: string | null;
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
        /** @description A report. */
        MadeReport: {
            checkpoint: components["schemas"]["ReportCovered"];
            /** @description False while the time is not over, or the checkpoint does not reach its end. */
            complete: boolean;
            /** @description The first day, and the first one behind the last, UTC by the server's time. */
            from: string;
            health?: components["schemas"]["HealthTally"] | null;
            kind: string;
            made_at: string;
            sections: components["schemas"]["ReportSection"][];
            /**
             * @description SHA-256 of titles, columns and rows as JSON: the same whenever a time that is over is reported, until data expires or
             *     is erased, or something is learnt of an action afterwards.
             */
            sha256: string;
            title: string;
            to: string;
        };
        Maintenance: {
            /** @description Those that go on first. */
            windows: components["schemas"]["MaintenanceWindow"][];
        };
        MaintenanceWindow: {
            approved_by?: string | null;
            by?: string | null;
            comment: string;
            /** @description Absent where it comes again and again. */
            ends_at?: string | null;
            /** @description The name of one that the routing plans, the id of one that was begun by hand. */
            id: string;
            matchers: string[];
            /**
             * Format: int64
             * @description Open alerts that it keeps quiet.
             */
            mutes: number;
            /** @description Whether the routing plans it: then it is ended there. */
            planned: boolean;
            starts_at?: string | null;
            /** @description `active`, `pending` before it starts, or `waiting` for a second person to agree. */
            state: string;
            /** @description `suppress`: what begins within it is not told. `deliver_after`: what still fires at its end is told then. */
            strategy: string;
        };
        /** @description What a query means, for programs. */
        Meaning: {
            /** @description Of a query that only keeps events: what stands behind WHERE, without the time, for other queries over `agent_audit_log`. */
            condition?: string | null;
            /** @description In words. */
            meaning: string;
            /** @description The query in SQL, where it has that. */
            sql?: string | null;
        };
        Merging: {
            /** @default null */
            by: string | null;
            /**
             * @description Id of the incident that goes on.
             * @default
             */
            into: string;
            /**
             * @description Why.
             * @default null
             */
            note: string | null;
        };
        /**
         * @description What becomes of a data subject.
         * @enum {string}
         */
        Mode: "erase" | "anonymise";
        /** @description Where it goes. */
        Moving: {
            /**
             * @description Who does it; the name of the API key when not given. The record names the key as well.
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
        } | {
            /** @description The maintenance window: its name in the routing, or its id. */
            maintenance: string;
        };
        /** @description A new key. Nobody can show it again. */
        NewKey: components["schemas"]["ApiKey"] & {
            /** @description The secret. */
            key: string;
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
        OnCall: {
            at: string;
            /** @description The escalation policies of the routing. */
            escalations: components["schemas"]["EscalationPolicy"][];
            overrides: components["schemas"]["OnCallOverride"][];
            /** @description Everybody by name, and the receivers by which they are told. */
            people: components["schemas"]["OnCallPerson"][];
            schedules: components["schemas"]["OnCallSchedule"][];
            /** @description Up to when turns are told. */
            until: string;
        };
        OnCallOverride: {
            by: string;
            comment: string;
            ends_at: string;
            id: string;
            person: string;
            schedule: string;
            starts_at: string;
        };
        OnCallPerson: {
            name: string;
            receivers: string[];
        };
        OnCallSchedule: {
            /** @description The time zone in which turns change hands. */
            location: string;
            name: string;
            next?: components["schemas"]["OnCallTurn"] | null;
            /** @description The turn that goes on. */
            now: components["schemas"]["OnCallTurn"];
            /** @description Everybody who has a turn. */
            people: string[];
            /** @description All turns, the one that goes on first. */
            turns: components["schemas"]["OnCallTurn"][];
        };
        OnCallTurn: {
            /** @description Its begin, or 35 days ago, where it began earlier. */
            from: string;
            /** @description Both as clocks in the schedule's time zone show them. */
            from_local: string;
            /** @description The override that says so. */
            override?: string | null;
            /** @description Absent while nobody is on call. */
            person?: string | null;
            /** @description The end of what is looked at, where the turn goes on longer. */
            until: string;
            until_local: string;
        };
        /** @description An incident that somebody opens. */
        Opening: {
            /**
             * @description Agents and sessions that it is about: later alerts of theirs belong to it.
             * @default []
             */
            agents: string[];
            /**
             * @description Ids of alerts.
             * @default []
             */
            alerts: string[];
            /** @default null */
            by: string | null;
            /**
             * @description Indices or ids of events.
             * @default []
             */
            events: string[];
            /**
             * @description A name of your own for it: the same name opens it once, however often it is sent.
             * @default null
             */
            key: string | null;
            /**
             * @description Why.
             * @default null
             */
            reason: string | null;
            /** @default [] */
            sessions: string[];
            /**
             * @description `critical`, `warning` (when not given) or `info`.
             * @default null
             */
            severity: string | null;
            /**
             * @description What happened, in one line.
             * @default
             */
            title: string;
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
             * @description Index of that event.
             */
            last_index?: number | null;
            /** @description By a witness, where one ever saw it. */
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
            /** @description Empty: told on the dashboard only, but for a schedule. */
            channels: components["schemas"]["Channel"][];
            name: string;
            /** @description Whoever is on call in this schedule is told. */
            schedule?: string | null;
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
            /** @description On the log, of a former text of a rule. Judged by that text where it is known. */
            edited: components["schemas"]["Computed"][];
            /**
             * Format: int64
             * @description Entries that were read.
             */
            entries: number;
            /** @description On the log, and not due. */
            extra: components["schemas"]["Computed"][];
            from: string;
            /** @description On the log, of a rule that is there no more. Judged by its text where that is known. */
            gone: components["schemas"]["Computed"][];
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
        /** @description What would be stored. */
        Redacted: {
            /** @description How often each detector found something; never what. `pattern` and `key` are the policy's own. */
            found: components["schemas"]["RedactionFound"][];
            /** @description Whether it was read as JSON, where names tell of secrets. */
            json: boolean;
            /** @description Whether a credential was among it: such an event is marked sensitive. */
            secret: boolean;
            text: string;
        };
        RedactionFound: {
            /** Format: int32 */
            count: number;
            detector: string;
        };
        RedactionText: {
            /** @description Plain text or JSON, as a sender would send it. */
            text: string;
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
        /** @description An agent that may go on. */
        Releasing: {
            /** @default null */
            by: string | null;
            /** @default null */
            note: string | null;
            /**
             * @description The session that was stopped, when it was one alone.
             * @default null
             */
            session: string | null;
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
            /**
             * Format: int64
             * @description So many of its newest entries were not joined yet: a call that two of them tell of is two.
             */
            unjoined: number;
        };
        /** @description The checkpoint that covers what a report is about. */
        ReportCovered: {
            origin: string;
            /** @description Base64, as the checkpoint has it. */
            root: string;
            /**
             * Format: int64
             * @description Entries, all of those that the report looks at.
             */
            size: number;
        };
        /** @description A column drawn along another one of the same section. */
        ReportDrawing: {
            /** @description The columns by name. */
            along: string;
            column: string;
            /**
             * Format: double
             * @description What its values are compared with.
             */
            threshold?: number | null;
            title: string;
        };
        /** @description A report that is kept as a file. */
        ReportKept: {
            /** @description Its name, for `/v1/reports/kept/NAME`. */
            file: string;
            format: string;
            from: string;
            kind: string;
        };
        /** @description A kind of report. */
        ReportKind: {
            about: string;
            id: string;
            /** @description The last time that is over. */
            last_from: string;
            period: components["schemas"]["ReportPeriod"];
            sections: string[];
            title: string;
        };
        /** @description A report that was made. */
        ReportMade: {
            at: string;
            /** @description The key of whoever made it. */
            by?: string | null;
            /**
             * Format: int64
             * @description The entry of the log that tells of it.
             */
            entry: number;
            /** @description Of one that is kept: the name of its file, and the SHA-256 of its bytes. */
            file?: string | null;
            file_sha256?: string | null;
            format?: string | null;
            from?: string | null;
            kind?: string | null;
            sha256?: string | null;
            to?: string | null;
            tree_size?: string | null;
        };
        /**
         * @description How a report is written.
         * @enum {string}
         */
        ReportPaper: "json" | "html" | "csv" | "pdf";
        /**
         * @description How long a report looks back.
         * @enum {string}
         */
        ReportPeriod: "day" | "week" | "month" | "quarter";
        /** @description One part of a report. */
        ReportSection: {
            /** @description What it shows, and how it is computed. */
            about: string;
            columns: string[];
            /** @description There were more rows than are shown. */
            cut: boolean;
            /** @description Columns that are drawn along another one. */
            drawings: components["schemas"]["ReportDrawing"][];
            rows: Record<string, never>[][];
            /** @description What was asked; it can be asked again. */
            sql: string;
            title: string;
        };
        Reports: {
            /** @description Files that were made on schedule and are kept, the newest first. */
            kept: components["schemas"]["ReportKept"][];
            kinds: components["schemas"]["ReportKind"][];
            /** @description What was made, newest first, as the log tells it. */
            made: components["schemas"]["ReportMade"][];
            /** @description Reports that are made when their time is over. */
            scheduled: string[];
        };
        /** @description A response of the configuration. */
        Response: {
            /** @description Whether a person has to agree to each run. */
            approve: boolean;
            /** @description Whether it only says what it would do. */
            dry_run: boolean;
            /** @description `webhook`, `command` or `stop_agent`. */
            kind: string;
            name: string;
            /** Format: int32 */
            per_hour: number;
            /** @description Rules whose alerts ask for it. */
            rules: string[];
            /** @description What it does, in words without secrets. */
            to: string;
        };
        /** @description One run of a response. */
        ResponseRun: {
            agent?: string | null;
            alert?: string | null;
            answered_by?: string | null;
            asked_at: string;
            began_at?: string | null;
            /** @description Who asked for it, or the rule. */
            by?: string | null;
            dry_run: boolean;
            ended_at?: string | null;
            id: string;
            incident?: string | null;
            kind: string;
            reason?: string | null;
            response: string;
            rule?: string | null;
            session?: string | null;
            /**
             * @description `waiting` for a person, `due`, `running`, `succeeded`, `failed`, `timed_out`, `refused`, `declined`, or `unknown`:
             *     the server went away while it ran.
             */
            standing: string;
            /** @description What came of it, or why it waits. */
            what?: string | null;
        };
        Responses: {
            responses: components["schemas"]["Response"][];
            /** @description Newest first. */
            runs: components["schemas"]["ResponseRun"][];
            /**
             * Format: int64
             * @description Runs that wait for a person.
             */
            waiting: number;
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
        /** @description A run that is asked for. */
        Running: {
            /**
             * @description Whom it concerns; what the alert says when not given.
             * @default null
             */
            agent: string | null;
            /**
             * @description What it is about: an alert, or an incident.
             * @default null
             */
            alert: string | null;
            /** @default null */
            by: string | null;
            /**
             * @description Whether it only says what it would do.
             * @default false
             */
            dry_run: boolean;
            /** @default null */
            incident: string | null;
            /** @default null */
            reason: string | null;
            /** @default null */
            session: string | null;
        };
        SearchAddress: {
            /** @description As it stands behind `?` in the address of the page. */
            address: string;
        };
        Searches: {
            /** @description The parameters of each search's address, by its name. */
            searches: {
                [key: string]: string;
            };
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
        /** @description With what somebody signs in. */
        SignIn: {
            key: string;
        };
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
        /** @description An agent, or one session of it, that is not to go on. */
        Stop: {
            agent: string;
            by: string;
            reason?: string | null;
            /** @description The run of a response that stopped it. */
            run?: string | null;
            /** @description This session alone; every one when missing. */
            session?: string | null;
            /** @description When it was stopped. */
            since: string;
            /** @description When it may go on by itself. */
            until?: string | null;
        };
        Stopped: {
            /** @description Nothing for an agent that may go on. */
            stopped: components["schemas"]["Stop"][];
        };
        /** @description An agent that is not to go on. */
        Stopping: {
            /** @default null */
            by: string | null;
            /**
             * Format: int32
             * @description After so many minutes it may go on by itself; never when not given.
             * @default null
             */
            minutes: number | null;
            /** @default null */
            reason: string | null;
            /**
             * @description This session alone.
             * @default null
             */
            session: string | null;
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
            /** @description The incident that it was merged into. */
            merged_into?: string | null;
            opened_at: string;
            resolved_at?: string | null;
            severity: string;
            /** @description `reception`, `investigation`, `remediation`, `post_mortem` or `closed`. */
            state: string;
            title: string;
        };
        /** @description Somebody takes over for a while. */
        TakeOver: {
            /** @description Who says so; the name of the API key when not given. */
            by?: string | null;
            comment?: string;
            /** @description This or `minutes`. */
            ends_at?: string | null;
            /** Format: int32 */
            minutes?: number | null;
            person: string;
            schedule: string;
            /** @description Now when not given. */
            starts_at?: string | null;
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
        /** @description A key that somebody wants. */
        WantedKey: {
            /** @description The agent that its events without one belong to. */
            agent?: string | null;
            /** @description Whose events it sees; for role `viewer`. */
            limits?: components["schemas"]["KeyLimits"];
            /** @description Who or what will use it. */
            name: string;
            /**
             * Format: int32
             * @description Events a second that it may send: 50,000 when not given, 0 for no limit.
             */
            rate?: number | null;
            /** @description `agent`, `write`, `viewer`, `auditor`, `operator` or `admin`. */
            role: string;
        };
        /** @description The report that somebody wants. */
        WantedReport: {
            /** @description A day of the time that it is about, such as 2026-11-20, UTC; the last time that is over when not given. */
            day?: string | null;
            /** @description `json` when not given. */
            format?: components["schemas"]["ReportPaper"];
            kind: string;
        };
        /** @description Who asks, and what they may. */
        Who: {
            /**
             * Format: int64
             * @description A session ends after so many seconds without a request, and after so many in any case.
             */
            idle_seconds: number;
            limits?: components["schemas"]["KeyLimits"] | null;
            /** Format: int64 */
            longest_seconds: number;
            /** @description The name of the key; `local` where none is needed. */
            name: string;
            /** @description `agent`, `write`, `viewer`, `auditor`, `operator` or `admin`. */
            role: string;
            /** @description Whether a cookie stands for the key: then one can sign out. */
            signed_in: boolean;
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
