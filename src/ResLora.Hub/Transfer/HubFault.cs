using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;

namespace ResLora.Hub.Transfer;

/// <summary>Turns a hub's refusals into sentences.</summary>
internal static partial class HubFault
{
    private const string ErrorCode = "X-Error-Code";
    private const string ErrorMessage = "X-Error-Message";

    /// <summary>The error for an answer that is no success.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="response">The answer.</param>
    /// <param name="hasToken">Whether a token was sent.</param>
    public static ResLoraException Of(HubRequest request, HttpResponseMessage response, bool hasToken)
    {
        var host = request.Address.Host;
        var message = Header(response, ErrorMessage);
        return (response.StatusCode, Header(response, ErrorCode)) switch
        {
            (_, "GatedRepo") => new ConfigException(
                $"The {request.Repository.Title} on {host} is gated: {(hasToken
                    ? "the account of the token that was sent has no access to it"
                    : "it is given only to accounts that were granted access, and no token was sent")}; "
                + $"ask for access on {Page(request)}, and set HF_TOKEN to a token of that account."),
            (_, "RevisionNotFound") => new ConfigException(
                $"The {request.Repository.Title} on {host} has no revision '{request.Revision}'; "
                + $"its branches, tags and commits are on {Page(request)}."),
            (_, "EntryNotFound") => new ConfigException(
                $"The {request.Repository.Title} on {host} has no file '{request.Path}' at '{request.Revision}'; "
                + $"its files are on {Page(request)}."),
            (HttpStatusCode.Unauthorized, _) when message?.Contains("Invalid credentials", StringComparison.Ordinal) == true =>
                new ConfigException($"{host} does not accept the token that was sent; set HF_TOKEN to a token that is valid, or unset it."),
            (HttpStatusCode.Unauthorized or HttpStatusCode.NotFound, _) => new ConfigException(
                $"There is no {request.Repository.Title} on {host}, or it is private{(hasToken ? " and the token that was sent may not read it" : "")}; "
                + $"check the name, or set HF_TOKEN to a token that may read it."),
            (HttpStatusCode.Forbidden, _) => new ConfigException(
                $"{host} refuses {request.Title}{Said(message)}; give the token that is sent (HF_TOKEN) the right to read this repository."),
            (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError, _) =>
                Unavailable(request, response),
            var (status, _) => new ConfigException($"{host} answers {(int)status} for {request.Title}{Said(message)}; try again later."),
        };
    }

    private static HubUnavailableException Unavailable(HubRequest request, HttpResponseMessage response)
    {
        var wait = Wait(response);
        var reason = response.StatusCode == HttpStatusCode.TooManyRequests ? "too many requests" : $"{(int)response.StatusCode}";
        var then = wait is { } time
            ? string.Create(CultureInfo.InvariantCulture, $"try again in {Math.Ceiling(time.TotalSeconds):0} seconds, as it asks")
            : "try again later";
        return new HubUnavailableException($"{request.Address.Host} answers {reason} for {request.Title}; {then}.", wait);
    }

    /// <summary>How long an answer asks to wait: Retry-After, or the hub's own RateLimit header.</summary>
    private static TimeSpan? Wait(HttpResponseMessage response)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ when Header(response, "RateLimit") is { } limit && Reset().Match(limit) is { Success: true } match =>
                TimeSpan.FromSeconds(int.Parse(match.Groups["seconds"].ValueSpan, CultureInfo.InvariantCulture)),
            _ => (TimeSpan?)null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static string Page(HubRequest request) =>
        $"{request.Address.GetLeftPart(UriPartial.Authority)}/{request.Repository.PageName}";

    private static string Said(string? message) => message is null ? "" : $" ({message})";

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(' ', values) : null;

    [GeneratedRegex(@";\s*t=(?<seconds>\d{1,6})\b")]
    private static partial Regex Reset();
}
