// http1: which connections of HTTP/1 may be handed on, each rule from both sides.
#include "protocol/protocol_support.h"

#include <gtest/gtest.h>

using namespace protocol;

#define GET ">GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
#define POST2 ">POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"
#define OK2 "<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define REQUEST(fields) ">GET / HTTP/1.1\r\n" fields "\r\n"
#define ANSWER(fields) "<HTTP/1.1 200 OK\r\n" fields "\r\n"
#define BYTES(literal) std::string(literal, sizeof(literal) - 1) // with NULs in it
#define CHUNKED(body) "<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" body

static const scenario framing[] = {
    {"Length", {GET, OK2}, PARKABLE, 1, 1},
    {"LengthZero", {GET, ANSWER("Content-Length: 0\r\n")}, PARKABLE, 1, 1},
    {"TwoExchanges", {GET, OK2, POST2, OK2}, PARKABLE, 2, 2},
    {"NothingYet", {GET}, OPEN, 1, 0},
    {"HalfARequest", {">GET /a HTTP/1.1\r\nHost: h\r\n"}, OPEN, 0, 0},
    {"HalfAMethod", {">GE"}, OPEN, 0, 0},
    {"HalfARequestAfterAnExchange", {GET, OK2, ">G"}, OPEN, 1, 1},
    {"HalfABody", {">POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"}, OPEN, 0, 0},
    {"HalfAResponse", {GET, "<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"}, OPEN, 1, 0},
    {"HalfAHead", {GET, "<HTTP/1.1 200 OK\r\n"}, OPEN, 1, 0},
    {"LastLineEndMissing", {GET, "<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r"}, OPEN, 1, 0},
    {"Leftover", {GET, OK2 "x"}, MISMATCH, 0, 0},
    {"LeftoverLater", {GET, OK2, GET, OK2, "<\r\n"}, MISMATCH, 0, 0},
    {"AnswerBeforeRequest", {"<HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"}, PROTOCOL, 0, 0},
    {"AnswerBeforeSecondRequest", {GET, OK2, OK2}, MISMATCH, 0, 0},
    {"NoLength", {GET, "<HTTP/1.1 200 OK\r\n\r\n"}, CLOSE, 0, 0},
    {"NoLengthButUnsuccessful", {GET, "<HTTP/1.1 404 Not Found\r\n\r\n"}, CLOSE, 0, 0},
    {"Head", {">HEAD / HTTP/1.1\r\n\r\n", ANSWER("Content-Length: 1000\r\n")}, PARKABLE, 1, 1},
    {"HeadChunked", {">HEAD / HTTP/1.1\r\n\r\n", ANSWER("Transfer-Encoding: chunked\r\n")}, PARKABLE, 1, 1},
    {"HeadWithoutLength", {">HEAD / HTTP/1.1\r\n\r\n", ANSWER("")}, PARKABLE, 1, 1},
    {"HeadWithBody", {">HEAD / HTTP/1.1\r\n\r\n", OK2}, MISMATCH, 0, 0},
    {"NoContent", {GET, "<HTTP/1.1 204 No Content\r\n\r\n"}, PARKABLE, 1, 1},
    {"NoContentLengthZero", {GET, "<HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"}, PARKABLE, 1, 1},
    {"NoContentWithLength", {GET, "<HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n"}, MISMATCH, 0, 0},
    {"NoContentChunked", {GET, "<HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"}, MISMATCH, 0, 0},
    {"NotModified", {GET, "<HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"}, PARKABLE, 1, 1},
    {"ResetContent", {GET, "<HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"}, PARKABLE, 1, 1},
    {"PostWithoutLength", {">POST / HTTP/1.1\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"LengthWithSpaces", {GET, ANSWER("Content-Length:  \t2 \t\r\n") "ok"}, PARKABLE, 1, 1},
    {"LengthOtherCase", {GET, ANSWER("CONTENT-length:2\r\n") "ok"}, PARKABLE, 1, 1},
    {"LengthTwiceTheSame", {GET, ANSWER("Content-Length: 2\r\nContent-Length: 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthTwiceDifferent", {GET, ANSWER("Content-Length: 2\r\nContent-Length: 3\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthList", {GET, ANSWER("Content-Length: 2, 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthTrailingComma", {GET, ANSWER("Content-Length: 2,\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthTwoWords", {GET, ANSWER("Content-Length: 2 3\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthEmpty", {GET, ANSWER("Content-Length:\r\n")}, MISMATCH, 0, 0},
    {"LengthNegative", {GET, ANSWER("Content-Length: -2\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthPlus", {GET, ANSWER("Content-Length: +2\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthHex", {GET, ANSWER("Content-Length: 0x2\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthHuge", {GET, ANSWER("Content-Length: 18446744073709551618\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthVeryHuge", {GET, ANSWER("Content-Length: 00000000000000000000000000002\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthLarge", {GET, ANSWER("Content-Length: 123456789012345678\r\n") "ok"}, OPEN, 1, 0},
    {"LengthBeforeColonSpace", {GET, ANSWER("Content-Length : 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"LengthOfRequestTwice", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab"}, MISMATCH, 0, 0},
    {"Chunked", {GET, CHUNKED("5\r\nhello\r\n0\r\n\r\n")}, PARKABLE, 1, 1},
    {"ChunkedHex", {GET, CHUNKED("aA\r\n") + repeat("x", 0xaa) + "\r\n00\r\n\r\n"}, PARKABLE, 1, 1},
    {"ChunkedEmpty", {GET, CHUNKED("0\r\n\r\n")}, PARKABLE, 1, 1},
    {"ChunkedExtension", {GET, CHUNKED("5;a=b;c=\"d\te\"\r\nhello\r\n0;z\r\n\r\n")}, PARKABLE, 1, 1},
    {"ChunkedTrailer", {GET, CHUNKED("1\r\nx\r\n0\r\nContent-Length: 9\r\nConnection: close\r\n\r\n")}, PARKABLE, 1, 1},
    {"ChunkedTrailerWithoutName", {GET, CHUNKED("0\r\nabc\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedUnfinished", {GET, CHUNKED("5\r\nhello\r\n0\r\n")}, OPEN, 1, 0},
    {"ChunkedNoSize", {GET, CHUNKED("\r\nhello")}, MISMATCH, 0, 0},
    {"ChunkedSpaceAfterSize", {GET, CHUNKED("5 \r\nhello\r\n0\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedSizeWithPrefix", {GET, CHUNKED("0x5\r\nhello\r\n0\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedNegative", {GET, CHUNKED("-5\r\nhello\r\n0\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedHugeSize", {GET, CHUNKED("10000000000000005\r\nhello\r\n0\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedTooLong", {GET, CHUNKED("4\r\nhello\r\n0\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedTooShort", {GET, CHUNKED("6\r\nhello\r\n0\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedBareLineFeed", {GET, CHUNKED("5\nhello\n0\n\n")}, MISMATCH, 0, 0},
    {"ChunkedLeftover", {GET, CHUNKED("0\r\n\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedControlInExtension", {GET, CHUNKED("5;a\0017\r\nhello\r\n0\r\n\r\n")}, MISMATCH, 0, 0},
    {"ChunkedExtensionWithoutEnd", {GET, CHUNKED("5;") + repeat("x", 70000)}, MISMATCH, 0, 0},
    {"ChunkedAndLength", {GET, ANSWER("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n") "0\r\n\r\n"}, MISMATCH, 0, 0},
    {"LengthAndChunked", {GET, ANSWER("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n"}, MISMATCH, 0, 0},
    {"ChunkedLast", {GET, ANSWER("Transfer-Encoding: gzip, Chunked\r\n") "0\r\n\r\n"}, PARKABLE, 1, 1},
    {"ChunkedLastOfTwoFields", {GET, ANSWER("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n"}, PARKABLE, 1, 1},
    {"ChunkedNotLast", {GET, ANSWER("Transfer-Encoding: chunked, gzip\r\n") "0\r\n\r\n"}, MISMATCH, 0, 0},
    {"ChunkedTwice", {GET, ANSWER("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\n"}, MISMATCH, 0, 0},
    {"ChunkedWithJunk", {GET, ANSWER("Transfer-Encoding: chunked x\r\n") "0\r\n\r\n"}, MISMATCH, 0, 0},
    {"ChunkedEmptyElement", {GET, ANSWER("Transfer-Encoding: ,chunked\r\n") "0\r\n\r\n"}, MISMATCH, 0, 0},
    {"NotChunked", {GET, ANSWER("Transfer-Encoding: gzip\r\n")}, CLOSE, 0, 0},
    {"XChunked", {GET, ANSWER("Transfer-Encoding: xchunked\r\n")}, CLOSE, 0, 0},
    {"Identity", {GET, ANSWER("Transfer-Encoding: identity\r\nContent-Length: 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"ChunkedOld", {GET, "<HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}, MISMATCH, 0, 0},
    {"ChunkedRequest", {">POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"ChunkedRequestUnfinished", {">POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", OK2}, MISMATCH, 0, 0},
    {"ChunkedRequestAndLength", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}, MISMATCH, 0, 0},
    {"RequestCodedOtherwise", {">POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"}, MISMATCH, 0, 0},
    {"FoldedField", {GET, ANSWER("X: a\r\n b\r\nContent-Length: 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"BareLineFeed", {GET, "<HTTP/1.1 200 OK\nContent-Length: 2\n\nok"}, MISMATCH, 0, 0},
    {"BareLineFeedInField", {GET, ANSWER("X: a\nContent-Length: 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"BareCarriageReturn", {GET, ANSWER("X: a\rb\r\nContent-Length: 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"Nul", {GET, BYTES("<HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok")}, MISMATCH, 0, 0},
    {"NulInName", {GET, BYTES("<HTTP/1.1 200 OK\r\nX\0: b\r\nContent-Length: 2\r\n\r\nok")}, MISMATCH, 0, 0},
    {"TabInValue", {GET, ANSWER("X: a\tb\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
    {"HighBytesInValue", {GET, ANSWER("X: \xc3\xa9\xff\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
    {"NoColon", {GET, ANSWER("Xyz\r\nContent-Length: 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"EmptyName", {GET, ANSWER(": a\r\nContent-Length: 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"SpaceInName", {GET, ANSWER("X y: a\r\nContent-Length: 2\r\n") "ok"}, MISMATCH, 0, 0},
    {"LongValue", {GET, "<HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + repeat("y", 60000) + "\r\n\r\n"}, PARKABLE, 1, 1},
    {"LongName", {GET, "<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + repeat("y", 300) + ": z\r\n\r\n"}, PARKABLE, 1, 1},
    {"HeadTooLong", {GET, "<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + repeat("Yy: zz\r\n", 9000) + "\r\n"}, MISMATCH, 0, 0},
    {"RequestLineTooLong", {">GET /" + repeat("y", 70000) + " HTTP/1.1\r\n\r\n"}, MISMATCH, 0, 0},
    {"RequestLineLong", {">GET /" + repeat("y", 60000) + " HTTP/1.1\r\n\r\n", OK2}, PARKABLE, 1, 1},
};

static const scenario lines[] = {
    {"NoReason", {GET, "<HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"}, PARKABLE, 1, 1},
    {"EmptyReason", {GET, "<HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"}, PARKABLE, 1, 1},
    {"ShortStatus", {GET, "<HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok"}, MISMATCH, 0, 0},
    {"LongStatus", {GET, "<HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok"}, MISMATCH, 0, 0},
    {"StatusOfLetters", {GET, "<HTTP/1.1 2xx OK\r\nContent-Length: 2\r\n\r\nok"}, MISMATCH, 0, 0},
    {"StatusTooSmall", {GET, "<HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok"}, MISMATCH, 0, 0},
    {"ResponseVersion2", {GET, "<HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}, MISMATCH, 0, 0},
    {"ResponseVersion12", {GET, "<HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok"}, MISMATCH, 0, 0},
    {"ResponseIcy", {GET, "<ICY 200 OK\r\n\r\n"}, MISMATCH, 0, 0},
    {"ResponseEmptyLineFirst", {GET, "<\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}, MISMATCH, 0, 0},
    {"ResponseVersionAlone", {GET, "<HTTP/1.1\r\n\r\n"}, MISMATCH, 0, 0},
    {"RequestVersion09", {">GET /\r\n"}, MISMATCH, 0, 0},
    {"RequestVersion2", {">GET / HTTP/2.0\r\n\r\n"}, MISMATCH, 0, 0},
    {"RequestTargetMissing", {">GET  HTTP/1.1\r\n\r\n"}, MISMATCH, 0, 0},
    {"RequestTwoSpaces", {">GET /a  HTTP/1.1\r\n\r\n"}, MISMATCH, 0, 0},
    {"RequestFourWords", {">GET /a HTTP/1.1 x\r\n\r\n"}, MISMATCH, 0, 0},
    {"RequestEmptyLineBefore", {GET, OK2, ">\r\nGET / HTTP/1.1\r\n\r\n"}, MISMATCH, 0, 0},
    {"SecondMethodUnknown", {GET, OK2, ">GOT / HTTP/1.1\r\n\r\n"}, MISMATCH, 0, 0},
    {"SecondMethodVeryLong", {GET, OK2, ">GETGETGETGETGETGETGETGETGETGET / HTTP/1.1\r\n\r\n"}, MISMATCH, 0, 0},
    {"AbsoluteTarget", {">GET http://h/a?b HTTP/1.1\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"Asterisk", {">OPTIONS * HTTP/1.1\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"Propfind", {">PROPFIND / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", OK2}, PARKABLE, 1, 1},
    {"Patch", {">PATCH / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", OK2}, PARKABLE, 1, 1},
};

static const scenario persistence[] = {
    {"RequestCloses", {REQUEST("Connection: close\r\n"), OK2}, CLOSE, 0, 0},
    {"RequestClosesOtherCase", {REQUEST("cOnNeCtIoN: CLOSE\r\n"), OK2}, CLOSE, 0, 0},
    {"RequestClosesInList", {REQUEST("Connection: TE,close , x\r\n"), OK2}, CLOSE, 0, 0},
    {"RequestClosesInSecondField", {REQUEST("Connection: keep-alive\r\nConnection: close\r\n"), OK2}, CLOSE, 0, 0},
    {"RequestKeeps", {REQUEST("Connection: keep-alive\r\n"), OK2}, PARKABLE, 1, 1},
    {"RequestTe", {REQUEST("Connection: TE\r\nTE: trailers\r\n"), OK2}, PARKABLE, 1, 1},
    {"RequestWithWordsInAToken", {REQUEST("Connection: not close\r\n"), OK2}, MISMATCH, 0, 0},
    {"RequestEnclosed", {REQUEST("Connection: enclose, closed\r\n"), OK2}, PARKABLE, 1, 1},
    {"ResponseCloses", {GET, ANSWER("Connection: close\r\nContent-Length: 2\r\n") "ok"}, CLOSE, 0, 0},
    {"ResponseClosesAfterLength", {GET, ANSWER("Content-Length: 2\r\nConnection: Close\r\n") "ok"}, CLOSE, 0, 0},
    {"ResponseClosesInList", {GET, ANSWER("Connection: keep-alive,\tclose\r\nContent-Length: 2\r\n") "ok"}, CLOSE, 0, 0},
    {"ResponseKeeps", {GET, ANSWER("Connection: keep-alive\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
    {"ResponseConnectionEmpty", {GET, ANSWER("Connection:\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
    {"ProxyCloses", {REQUEST("Proxy-Connection: close\r\n"), OK2}, CLOSE, 0, 0},
    {"ProxyKeeps", {REQUEST("Proxy-Connection: Keep-Alive\r\n"), OK2}, PARKABLE, 1, 1},
    {"OldRequest", {">GET / HTTP/1.0\r\n\r\n", OK2}, CLOSE, 0, 0},
    {"OldRequestKeeps", {">GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ANSWER("Connection: keep-alive\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
    {"OldRequestKeepsAlone", {">GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", OK2}, CLOSE, 0, 0},
    {"OldRequestKeepsProxy", {">GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", OK2}, CLOSE, 0, 0},
    {"OldResponse", {GET, "<HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}, CLOSE, 0, 0},
    {"OldResponseKeeps", {GET, "<HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok"}, PARKABLE, 1, 1},
    {"OldBothKeep", {">GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "<HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok"}, PARKABLE, 1, 1},
    {"KeepAliveTimeoutZero", {GET, ANSWER("Keep-Alive: timeout=0\r\nContent-Length: 2\r\n") "ok"}, CLOSE, 0, 0},
    {"KeepAliveMaxZero", {GET, ANSWER("Keep-Alive: timeout=5, max=0\r\nContent-Length: 2\r\n") "ok"}, CLOSE, 0, 0},
    {"KeepAlive", {GET, ANSWER("Keep-Alive: timeout=5, max=100\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
    {"KeepAliveOdd", {GET, ANSWER("Keep-Alive: 300 timeout=\"5\" a=\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
};

static const scenario order[] = {
    {"EarlyResponse", {">POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", "<HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", ">cde"}, MISMATCH, 0, 0},
    {"EarlyResponseInHead", {">GET / HTTP/1.1\r\n", OK2, ">\r\n"}, MISMATCH, 0, 0},
    {"EarlyFirstByte", {">POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", "<H", ">cde"}, MISMATCH, 0, 0},
    {"Continue", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", "<HTTP/1.1 100 Continue\r\n\r\n", ">ab", OK2}, PARKABLE, 1, 1},
    {"ContinueOtherCase", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nEXPECT: 100-Continue\r\n\r\n", "<HTTP/1.1 100\r\n\r\n", ">ab", OK2}, PARKABLE, 1, 1},
    {"ContinueWithFields", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", "<HTTP/1.1 100 Continue\r\nX: y\r\n\r\n", ">ab", OK2}, PARKABLE, 1, 1},
    {"ContinueNotWaitedFor", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab", "<HTTP/1.1 100 Continue\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"ContinueCutByTheBody", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", "<HTTP/1.1 100 Con", ">ab", "<tinue\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"ContinueChunked", {">POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n", "<HTTP/1.1 100 Continue\r\n\r\n", ">2\r\nab\r\n0\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"ContinueNeverCame", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab", OK2}, MISMATCH, 0, 0},
    {"ContinueDenied", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", "<HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"}, MISMATCH, 0, 0},
    {"ContinueThenEarly", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", "<HTTP/1.1 100 Continue\r\n\r\n", OK2}, MISMATCH, 0, 0},
    {"ContinueStillPending", {">POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", "<HTTP/1.1 100 Continue\r\n\r\n"}, OPEN, 0, 0},
    {"ContinueInHead", {">POST / HTTP/1.1\r\nExpect: 100-continue\r\n", "<HTTP/1.1 100 Continue\r\n\r\n"}, MISMATCH, 0, 0},
    {"OtherExpectation", {REQUEST("Expect: miracles\r\n"), OK2}, MISMATCH, 0, 0},
    {"InterimUnasked", {GET, "<HTTP/1.1 100 Continue\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"InterimHints", {GET, "<HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "<HTTP/1.1 102 Processing\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"InterimAlone", {GET, "<HTTP/1.1 102 Processing\r\n\r\n"}, OPEN, 1, 0},
    {"InterimWithLength", {GET, "<HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n", OK2}, MISMATCH, 0, 0},
    {"InterimAfterAnswer", {GET, OK2, "<HTTP/1.1 100 Continue\r\n\r\n"}, MISMATCH, 0, 0},
    {"Pipelined", {GET, GET, OK2, OK2}, PARKABLE, 2, 2},
    {"PipelinedInOnePiece", {">GET / HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", OK2 "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, PARKABLE, 3, 3},
    {"PipelinedHalfAnswered", {GET, GET, OK2}, OPEN, 2, 1},
    {"PipelinedAnswerWhileSending", {GET, ">GET / HTTP/1.1\r\n", OK2, ">\r\n", OK2}, PARKABLE, 2, 2},
    {"PipelinedEight", {repeat(std::string(GET).substr(1), 8).insert(0, ">"), repeat(std::string(OK2).substr(1), 8).insert(0, "<")}, PARKABLE, 8, 8},
    {"PipelinedNine", {repeat(std::string(GET).substr(1), 9).insert(0, ">")}, MISMATCH, 0, 0},
    {"ManyExchanges", {GET, OK2, GET, OK2, GET, OK2, GET, OK2, GET, OK2, ">HEAD / HTTP/1.1\r\n\r\n", ANSWER("Content-Length: 4\r\n"), GET, OK2, GET, OK2, GET, OK2, GET, OK2}, PARKABLE, 10, 10},
};

static const scenario state[] = {
    {"Connect", {">CONNECT h:443 HTTP/1.1\r\n\r\n", "<HTTP/1.1 200 OK\r\n\r\n"}, STATE, 0, 0},
    {"SwitchingProtocols", {GET, "<HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"}, STATE, 0, 0},
    {"RequestUpgrade", {REQUEST("Connection: Upgrade\r\n"), OK2}, STATE, 0, 0},
    {"RequestUpgradeField", {REQUEST("Upgrade: websocket\r\n"), OK2}, STATE, 0, 0},
    {"ResponseOffersUpgrade", {GET, ANSWER("Upgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
    {"Basic", {REQUEST("Authorization: Basic dTpw\r\n"), OK2}, PARKABLE, 1, 1},
    {"Bearer", {">GET / HTTP/1.1\r\nAuthorization: Bearer " + repeat("negotiate.NTLM", 200) + "\r\n\r\n", OK2}, PARKABLE, 1, 1},
    {"Ntlm", {REQUEST("Authorization: NTLM TlRMTVNTUAAB\r\n"), OK2}, STATE, 0, 0},
    {"Negotiate", {REQUEST("authorization:  negotiate YII=\r\n"), OK2}, STATE, 0, 0},
    {"ProxyNtlm", {REQUEST("Proxy-Authorization: ntlm TlRM\r\n"), OK2}, STATE, 0, 0},
    {"ProxyBasic", {REQUEST("Proxy-Authorization: Basic dTpw\r\n"), OK2}, PARKABLE, 1, 1},
    {"OffersNegotiate", {GET, "<HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\", Negotiate\r\nContent-Length: 0\r\n\r\n"}, STATE, 0, 0},
    {"OffersNtlmOnALineOfItsOwn", {GET, "<HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n"}, STATE, 0, 0},
    {"OffersBasic", {GET, "<HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a b, c\"\r\nContent-Length: 0\r\n\r\n"}, PARKABLE, 1, 1},
    {"ProxyOffersNegotiate", {GET, "<HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n"}, STATE, 0, 0},
    {"PersistentAuth", {GET, ANSWER("Persistent-Auth: true\r\nContent-Length: 2\r\n") "ok"}, STATE, 0, 0},
    {"ProxySupport", {GET, ANSWER("Proxy-Support: Session-Based-Authentication\r\nContent-Length: 2\r\n") "ok"}, STATE, 0, 0},
    {"Cookies", {REQUEST("Cookie: a=b; c=d\r\n"), ANSWER("Set-Cookie: close\r\nContent-Length: 2\r\n") "ok"}, PARKABLE, 1, 1},
    {"FieldsThatOnlyLookLikeIt", {REQUEST("X-Connection: close\r\nUpgrade-Insecure-Requests: 1\r\nAuthorizatiom: NTLM\r\n"), OK2}, PARKABLE, 1, 1},
};

class Http1 : public testing::TestWithParam<scenario>
{
};

TEST_P(Http1, IsJudgedTheSameInAnySplit)
{
    expect(GetParam());
}

static std::string name_of(const testing::TestParamInfo<scenario> &info)
{
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Framing, Http1, testing::ValuesIn(framing), name_of);
INSTANTIATE_TEST_SUITE_P(Lines, Http1, testing::ValuesIn(lines), name_of);
INSTANTIATE_TEST_SUITE_P(Persistence, Http1, testing::ValuesIn(persistence), name_of);
INSTANTIATE_TEST_SUITE_P(Order, Http1, testing::ValuesIn(order), name_of);
INSTANTIATE_TEST_SUITE_P(State, Http1, testing::ValuesIn(state), name_of);

TEST(Http1Idle, IsWhatTheServerSaidLast)
{
    EXPECT_EQ(feed({GET, OK2}).idle_s, 0u);
    EXPECT_EQ(feed({GET, ANSWER("Keep-Alive: timeout=5, max=100\r\nContent-Length: 2\r\n") "ok"}).idle_s, 5u);
    EXPECT_EQ(feed({GET, ANSWER("KEEP-ALIVE: max=100,TimeOut=75\r\nContent-Length: 2\r\n") "ok"}).idle_s, 75u);
    EXPECT_EQ(feed({GET, ANSWER("Keep-Alive: timeout=99999999999\r\nContent-Length: 2\r\n") "ok"}).idle_s, UINT32_MAX);
    EXPECT_EQ(feed({REQUEST("Keep-Alive: timeout=9\r\n"), OK2}).idle_s, 0u) << "the client's wish counts for nothing";
}

TEST(Http1Repeat, IsAllowedOfWholeRequestsThatChangeNothing)
{
    EXPECT_TRUE(feed({GET}).may_repeat);
    EXPECT_TRUE(feed({GET, GET}).may_repeat);
    EXPECT_TRUE(feed({">HEAD / HTTP/1.1\r\n\r\n"}).may_repeat);
    EXPECT_TRUE(feed({">OPTIONS * HTTP/1.1\r\n\r\n"}).may_repeat);
    for (const char *method : {"POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "CONNECT"})
        EXPECT_FALSE(feed({std::string(">") + method + " / HTTP/1.1\r\n\r\n"}).may_repeat) << method;
    EXPECT_FALSE(feed({GET, ">POST / HTTP/1.1\r\n\r\n"}).may_repeat);
    EXPECT_FALSE(feed({">GET / HTTP/1.1\r\n"}).may_repeat) << "half a request";
    EXPECT_TRUE(feed({">GET / HTTP/1.1\r\n"}).may_become_repeatable);
    EXPECT_TRUE(feed({">PO"}).may_become_repeatable) << "undecided";
    EXPECT_FALSE(feed({">POST /"}).may_become_repeatable);
    EXPECT_FALSE(feed({GET, "<H"}).may_repeat) << "an answer has begun";
    EXPECT_FALSE(feed({GET, "<H"}).may_become_repeatable);
}

TEST(Http1Repeat, IsAllowedOfARequestThatWantsTheConnectionClosedAfterwards)
{
    verdict closing = feed({REQUEST("Connection: close\r\n")});
    EXPECT_EQ(closing.kind(), CLOSE);
    EXPECT_TRUE(closing.may_repeat);
    EXPECT_TRUE(feed({">GET / HTTP/1.0\r\n\r\n"}).may_repeat);
    EXPECT_FALSE(feed({">GET / HTTP/1.0\r\n\r\n", "<H"}).may_repeat);
    EXPECT_FALSE(feed({">POST / HTTP/1.0\r\n\r\n"}).may_repeat);
    EXPECT_FALSE(feed({">GET / HTTP/1.0\r\n\r\nrubbish "}).may_repeat);
}
