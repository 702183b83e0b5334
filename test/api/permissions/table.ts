/**
 * Who may do what, as people see it. One line is one person in one chat; each column is what they try. Written by hand from what
 * was agreed, not from the code; `permissions.test.ts` beside it tries every cell on a running server.
 *
 *   ✓  it works
 *   –  there is nothing for them: null, an empty answer, CHAT_GONE, NotFoundError
 *   F  ForbiddenError: they see it, and it is not theirs to do
 *   C  ChatClosedError: it can be read, not written
 *   P  PlanRequiredError: a brand would have to have BUSINESS
 *   J  NotJoinedError: they would have to follow the chat
 *   ·  cannot be tried: they have no message of their own there
 *
 * "member" is in the chat (of a RELATION: its manager or client; of a MATCH: owner of a brand), "former" was, "stranger" never was.
 * Of a GROUP "owner" and "moderator" are members with that role; "public" is one with the access OPEN. There are two owners beside, one of whom
 * "remove-owner" removes.
 * A DIRECT chat is "blocked" where the other has blocked them. A MATCH is "joined" by who follows it, and "business" where a brand has that plan.
 */
export const TABLE = `
kind     state                  role     is        | see list follow | send type | react unreact | pin unpin everyone | edit edit-other | delete delete-other | rename close reopen | add add-all remove leave | read | roles invite remove-owner join

GROUP    open                   USER     member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | F   F     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      ✓     | ✓ | F     F      F            –
GROUP    open                   MANAGER  member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | F   F     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      ✓     | ✓ | F     F      F            –
GROUP    open                   ADMIN    member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      ✓     | ✓ | ✓     ✓      ✓            F
GROUP    open                   USER     former    | –   –    –      | –    –    | –     –       | –   –     –        | –    –          | –      –            | –      –     –      | –   –       –      –     | – | –     –      –            –
GROUP    open                   MANAGER  former    | –   –    –      | –    –    | –     –       | –   –     –        | –    –          | –      –            | –      –     –      | –   –       –      –     | – | –     –      –            –
GROUP    open                   ADMIN    former    | ✓   ✓    ✓      | F    F    | F     F       | ✓   ✓     F        | F    –          | ✓      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      F     | F | ✓     ✓      ✓            F
GROUP    open                   USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      –            –
GROUP    open                   MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      –            –
GROUP    open                   ADMIN    stranger  | ✓   ✓    ✓      | F    F    | F     F       | ✓   ✓     F        | ·    –          | ·      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      F     | F | ✓     ✓      ✓            F

GROUP    closed                 USER     member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      ✓     | ✓ | F     F      F            –
GROUP    closed                 MANAGER  member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      ✓     | ✓ | F     F      F            –
GROUP    closed                 ADMIN    member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      ✓     ✓      | C   C       ✓      ✓     | ✓ | C     C      ✓            F
GROUP    closed                 USER     former    | –   –    –      | –    –    | –     –       | –   –     –        | –    –          | –      –            | –      –     –      | –   –       –      –     | – | –     –      –            –
GROUP    closed                 MANAGER  former    | –   –    –      | –    –    | –     –       | –   –     –        | –    –          | –      –            | –      –     –      | –   –       –      –     | – | –     –      –            –
GROUP    closed                 ADMIN    former    | ✓   ✓    ✓      | F    F    | F     F       | C   C     F        | F    –          | ✓      ✓            | C      ✓     ✓      | C   C       ✓      F     | F | C     C      ✓            F
GROUP    closed                 USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      –            –
GROUP    closed                 MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      –            –
GROUP    closed                 ADMIN    stranger  | ✓   ✓    ✓      | F    F    | F     F       | C   C     F        | ·    –          | ·      ✓            | C      ✓     ✓      | C   C       ✓      F     | F | C     C      ✓            F

GROUP    open                   USER     owner     | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      ✓     | ✓ | ✓     ✓      ✓            –
GROUP    open                   MANAGER  owner     | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      ✓     | ✓ | ✓     ✓      ✓            –
GROUP    open                   ADMIN    owner     | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      ✓     | ✓ | ✓     ✓      ✓            F
GROUP    open                   USER     moderator | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      F     F      | ✓   ✓       ✓      ✓     | ✓ | F     ✓      F            –
GROUP    open                   MANAGER  moderator | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      F     F      | ✓   ✓       ✓      ✓     | ✓ | F     ✓      F            –
GROUP    open                   ADMIN    moderator | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      ✓     | ✓ | ✓     ✓      ✓            F

GROUP    closed                 USER     owner     | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      ✓     ✓      | C   C       ✓      ✓     | ✓ | C     C      ✓            –
GROUP    closed                 MANAGER  owner     | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      ✓     ✓      | C   C       ✓      ✓     | ✓ | C     C      ✓            –
GROUP    closed                 ADMIN    owner     | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      ✓     ✓      | C   C       ✓      ✓     | ✓ | C     C      ✓            F
GROUP    closed                 USER     moderator | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      F     F      | C   C       ✓      ✓     | ✓ | F     C      F            –
GROUP    closed                 MANAGER  moderator | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      F     F      | C   C       ✓      ✓     | ✓ | F     C      F            –
GROUP    closed                 ADMIN    moderator | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      ✓     ✓      | C   C       ✓      ✓     | ✓ | C     C      ✓            F

GROUP    open,public            USER     member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | F   F     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      ✓     | ✓ | F     F      F            ✓
GROUP    open,public            USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      –            ✓
GROUP    open,public            MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      –            ✓
GROUP    open,public            ADMIN    stranger  | ✓   ✓    ✓      | F    F    | F     F       | ✓   ✓     F        | ·    –          | ·      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      F     | F | ✓     ✓      ✓            ✓

GROUP    closed,public          USER     member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      ✓     | ✓ | F     F      F            C
GROUP    closed,public          USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      –            C
GROUP    closed,public          MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      –            C
GROUP    closed,public          ADMIN    stranger  | ✓   ✓    ✓      | F    F    | F     F       | C   C     F        | ·    –          | ·      ✓            | C      ✓     ✓      | C   C       ✓      F     | F | C     C      ✓            ✓

DIRECT   open                   USER     member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
DIRECT   open                   MANAGER  member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
DIRECT   open                   ADMIN    member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
DIRECT   open                   USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
DIRECT   open                   MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
DIRECT   open                   ADMIN    stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –

DIRECT   blocked                USER     member    | ✓   ✓    ✓      | F    F    | F     F       | F   F     F        | F    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
DIRECT   blocked                MANAGER  member    | ✓   ✓    ✓      | F    F    | F     F       | F   F     F        | F    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
DIRECT   blocked                ADMIN    member    | ✓   ✓    ✓      | F    F    | F     F       | F   F     F        | F    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓

RELATION open                   USER     member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
RELATION open                   MANAGER  member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
RELATION open                   ADMIN    member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     F        | ✓    –          | ✓      ✓            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
RELATION open                   USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
RELATION open                   MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
RELATION open                   ADMIN    stranger  | ✓   ✓    ✓      | F    F    | F     F       | F   F     F        | ·    –          | ·      ✓            | F      F     F      | F   F       F      F     | F | F     F      ·            F

RELATION closed                 USER     member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
RELATION closed                 MANAGER  member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
RELATION closed                 ADMIN    member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
RELATION closed                 USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
RELATION closed                 MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
RELATION closed                 ADMIN    stranger  | ✓   ✓    ✓      | F    F    | F     F       | F   F     F        | ·    –          | ·      ✓            | F      F     F      | F   F       F      F     | F | F     F      ·            F

MATCH    open                   USER     member    | ✓   ✓    ✓      | J    J    | J     J       | F   F     J        | J    –          | J      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    open                   MANAGER  member    | ✓   ✓    ✓      | J    J    | J     J       | F   F     J        | J    –          | J      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    open                   ADMIN    member    | ✓   ✓    ✓      | J    J    | J     J       | ✓   ✓     J        | J    –          | J      P            | ✓      ✓     ✓      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    open                   USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
MATCH    open                   MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
MATCH    open                   ADMIN    stranger  | ✓   ✓    ✓      | P    P    | P     P       | ✓   ✓     P        | P    –          | P      P            | ✓      ✓     ✓      | F   F       F      F     | F | F     F      ·            F

MATCH    joined                 USER     member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | F   F     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    joined                 MANAGER  member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | F   F     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    joined                 ADMIN    member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      P            | ✓      ✓     ✓      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    joined                 ADMIN    stranger  | ✓   ✓    ✓      | P    P    | P     P       | ✓   ✓     P        | P    –          | P      P            | ✓      ✓     ✓      | F   F       F      F     | F | F     F      ·            F

MATCH    business               USER     member    | ✓   ✓    ✓      | J    J    | J     J       | F   F     J        | J    –          | J      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business               MANAGER  member    | ✓   ✓    ✓      | J    J    | J     J       | F   F     J        | J    –          | J      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business               ADMIN    member    | ✓   ✓    ✓      | J    J    | J     J       | ✓   ✓     J        | J    –          | J      J            | ✓      ✓     ✓      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business               USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
MATCH    business               MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
MATCH    business               ADMIN    stranger  | ✓   ✓    ✓      | J    J    | J     J       | ✓   ✓     J        | J    –          | J      J            | ✓      ✓     ✓      | F   F       F      F     | F | F     F      ·            F

MATCH    business,joined        USER     member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | F   F     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,joined        MANAGER  member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | F   F     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,joined        ADMIN    member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      ✓     ✓      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,joined        ADMIN    stranger  | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      ✓     ✓      | F   F       F      F     | F | F     F      ·            F

MATCH    closed                 USER     member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    closed                 MANAGER  member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    closed                 ADMIN    member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | P      P            | C      ✓     ✓      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    closed                 USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
MATCH    closed                 MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
MATCH    closed                 ADMIN    stranger  | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | P      P            | C      ✓     ✓      | F   F       F      F     | F | F     F      ·            F

MATCH    closed,joined          USER     member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    closed,joined          MANAGER  member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    closed,joined          ADMIN    member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | P      P            | C      ✓     ✓      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    closed,joined          ADMIN    stranger  | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | P      P            | C      ✓     ✓      | F   F       F      F     | F | F     F      ·            F

MATCH    business,closed        USER     member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,closed        MANAGER  member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,closed        ADMIN    member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | J      J            | C      ✓     ✓      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,closed        USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
MATCH    business,closed        MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
MATCH    business,closed        ADMIN    stranger  | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | J      J            | C      ✓     ✓      | F   F       F      F     | F | F     F      ·            F

MATCH    business,closed,joined USER     member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,closed,joined MANAGER  member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,closed,joined ADMIN    member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      ✓     ✓      | F   F       F      F     | ✓ | F     F      ·            ✓
MATCH    business,closed,joined ADMIN    stranger  | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      ✓     ✓      | F   F       F      F     | F | F     F      ·            F

ORDER    open                   USER     member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | F   F     F        | ✓    –          | ✓      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
ORDER    open                   MANAGER  member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      –            | ✓      ✓     ✓      | ✓   ✓       ✓      ✓     | ✓ | F     F      ·            –
ORDER    open                   ADMIN    member    | ✓   ✓    ✓      | ✓    ✓    | ✓     ✓       | ✓   ✓     ✓        | ✓    –          | ✓      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      ✓     | ✓ | F     F      ·            F
ORDER    open                   USER     former    | –   –    –      | –    –    | –     –       | –   –     –        | –    –          | –      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
ORDER    open                   MANAGER  former    | –   –    –      | –    –    | –     –       | –   –     –        | –    –          | –      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
ORDER    open                   ADMIN    former    | ✓   ✓    ✓      | F    F    | F     F       | ✓   ✓     F        | F    –          | ✓      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      F     | F | F     F      ·            F
ORDER    open                   USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
ORDER    open                   MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
ORDER    open                   ADMIN    stranger  | ✓   ✓    ✓      | F    F    | F     F       | ✓   ✓     F        | ·    –          | ·      ✓            | ✓      ✓     ✓      | ✓   ✓       ✓      F     | F | F     F      ·            F

ORDER    closed                 USER     member    | ✓   ✓    ✓      | C    C    | C     C       | F   F     C        | C    –          | C      –            | F      F     F      | F   F       F      F     | ✓ | F     F      ·            ✓
ORDER    closed                 MANAGER  member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | C      –            | C      ✓     ✓      | C   C       ✓      ✓     | ✓ | F     F      ·            –
ORDER    closed                 ADMIN    member    | ✓   ✓    ✓      | C    C    | C     C       | C   C     C        | C    –          | ✓      ✓            | C      ✓     ✓      | C   C       ✓      ✓     | ✓ | F     F      ·            F
ORDER    closed                 USER     former    | –   –    –      | –    –    | –     –       | –   –     –        | –    –          | –      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
ORDER    closed                 MANAGER  former    | –   –    –      | –    –    | –     –       | –   –     –        | –    –          | –      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
ORDER    closed                 ADMIN    former    | ✓   ✓    ✓      | F    F    | F     F       | C   C     F        | F    –          | ✓      ✓            | C      ✓     ✓      | C   C       ✓      F     | F | F     F      ·            F
ORDER    closed                 USER     stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
ORDER    closed                 MANAGER  stranger  | –   –    –      | –    –    | –     –       | –   –     –        | ·    –          | ·      –            | –      –     –      | –   –       –      –     | – | –     –      ·            –
ORDER    closed                 ADMIN    stranger  | ✓   ✓    ✓      | F    F    | F     F       | C   C     F        | ·    –          | ·      ✓            | C      ✓     ✓      | C   C       ✓      F     | F | F     F      ·            F
`;

export type Cell = '✓' | '–' | 'F' | 'C' | 'P' | 'J' | '·';

export interface Row {
  kind: 'GROUP' | 'DIRECT' | 'RELATION' | 'MATCH' | 'ORDER';
  state: string;
  role: 'USER' | 'MANAGER' | 'ADMIN';
  is: 'owner' | 'moderator' | 'member' | 'former' | 'stranger';
  /** By column. */
  cells: ReadonlyMap<string, Cell>;
}

const [head, ...lines] = TABLE.trim()
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => line.split(/[\s|]+/).filter((word) => word !== ''));
const columns = head!.slice(4);

export const rows: readonly Row[] = lines.map(([kind, state, role, is, ...cells]) => {
  if (cells.length !== columns.length) throw new Error(`${kind} ${state} ${role} ${is} has ${cells.length} cells`);
  return { kind, state, role, is, cells: new Map(columns.map((column, n) => [column, cells[n]])) } as Row;
});
