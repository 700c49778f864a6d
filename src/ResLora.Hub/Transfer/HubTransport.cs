using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using Polly;
using Polly.Retry;
using ResLora.Formats.Errors;

namespace ResLora.Hub.Transfer;

/// <summary>Speaks HTTP with a hub: the token for the hub alone, redirects, timeouts, errors in words, and when to try again.</summary>
internal sealed class HubTransport : IDisposable
{
    private const int MostRedirects = 5;
    private const int MostRetries = 5;
    private static readonly TimeSpan _longestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _toldPause = TimeSpan.FromSeconds(5);

    private readonly HubSettings _settings;
    private readonly HttpClient _client;
    private volatile bool _hasAnswered;

    /// <summary>Makes one; nothing is connected yet.</summary>
    /// <param name="settings">The hub and the token.</param>
    /// <param name="handler">What sends requests, disposed with this; null for the framework's own.</param>
    /// <exception cref="ConfigException">The token would go over the network unencrypted.</exception>
    public HubTransport(HubSettings settings, HttpMessageHandler? handler = null)
    {
        if (settings.Token is not null && settings.Endpoint is { Scheme: "http", IsLoopback: false } plain)
        {
            throw new ConfigException(
                $"HF_ENDPOINT is {plain}: anybody on the way could read the token that is sent there; take https, or unset HF_TOKEN "
                + "(HF_HUB_DISABLE_IMPLICIT_TOKEN=1 leaves out one that is saved in a file).");
        }

        _settings = settings;
        _client = new HttpClient(handler ?? new SocketsHttpHandler
        {
            // Redirects are followed here, where the token stays behind.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = settings.Patience,
        })
        {
            // Each wait has its own limit; a large file takes hours.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        Retries = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            // Without any answer so far it is the network or the address, and a minute of silence helps nobody.
            ShouldHandle = new PredicateBuilder().Handle<HubUnavailableException>(
                error => _hasAnswered && (error.Wait ?? TimeSpan.Zero) <= _longestWait),
            MaxRetryAttempts = MostRetries,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = settings.RetryPause,
            DelayGenerator = attempt => new ValueTask<TimeSpan?>((attempt.Outcome.Exception as HubUnavailableException)?.Wait),
            OnRetry = attempt =>
            {
                if (attempt.RetryDelay >= _toldPause)
                {
                    Warnings.Add(
                        $"{attempt.Outcome.Exception?.Message.TrimEnd('.')}. Attempt {attempt.AttemptNumber + 2} of {MostRetries + 1} follows "
                        + $"in {attempt.RetryDelay.TotalSeconds:0} seconds.");
                }

                return ValueTask.CompletedTask;
            },
        }).Build();
    }

    /// <summary>Tries again what failed for the moment, after the pause that the hub asks for or a growing one.</summary>
    public ResiliencePipeline Retries { get; }

    /// <summary>Asks once.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="range">The bytes that are wanted; null for all.</param>
    /// <param name="unchanged">The mark of the content that the range is of; null when it is not known.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The answer, a success, with its body still to be read; the caller's to dispose.</returns>
    /// <exception cref="ResLoraException">There is no such answer.</exception>
    public async Task<HttpResponseMessage> Send(
        HubRequest request, RangeHeaderValue? range, EntityTagHeaderValue? unchanged, CancellationToken stop)
    {
        var address = request.Address;
        for (var hop = 0; hop <= MostRedirects; hop++)
        {
            using var message = Message(address, range, unchanged);
            var response = await SendOnce(message, stop).ConfigureAwait(false);
            _hasAnswered = true;
            if (Target(response) is { } target)
            {
                response.Dispose();
                address = Next(address, target, request);
            }
            else if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return response;
            }
            else
            {
                using (response)
                {
                    throw HubFault.Of(request, response, _settings.Token is not null);
                }
            }
        }

        throw new ConfigException(
            $"{request.Address.Host} redirects more than {MostRedirects} times for {request.Title}; is HF_ENDPOINT right?");
    }

    /// <summary>Reads a whole answer once.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="mostBytes">The largest answer that is accepted.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ResLoraException">There is no such answer.</exception>
    public async Task<byte[]> Read(HubRequest request, int mostBytes, CancellationToken stop)
    {
        using var response = await Send(request, null, null, stop).ConfigureAwait(false);
        using var whole = new MemoryStream();
        await foreach (var bytes in Body(request, response, stop).ConfigureAwait(false))
        {
            if (whole.Length + bytes.Length > mostBytes)
            {
                throw new FileFormatException(
                    $"{request.Address.Host} answers with more than {mostBytes} bytes for {request.Title}; is HF_ENDPOINT right?");
            }

            whole.Write(bytes.Span);
        }

        return whole.ToArray();
    }

    /// <summary>The bytes of an answer as they come.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="response">The answer.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>Pieces; each is gone when the next one comes.</returns>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> Body(
        HubRequest request, HttpResponseMessage response, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        const int pieceBytes = 128 * 1024;
        var buffer = new byte[pieceBytes];
        var stream = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        while (true)
        {
            limit.CancelAfter(_settings.Patience);
            var count = await Patiently(request.Address, () => stream.ReadAsync(buffer, limit.Token).AsTask(), stop).ConfigureAwait(false);
            if (count == 0)
            {
                yield break;
            }

            yield return buffer.AsMemory(0, count);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendOnce(HttpRequestMessage message, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_settings.Patience);
        return await Patiently(
            message.RequestUri!,
            () => _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token),
            stop).ConfigureAwait(false);
    }

    private async Task<T> Patiently<T>(Uri address, Func<Task<T>> act, CancellationToken stop)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!stop.IsCancellationRequested)
        {
            throw new HubUnavailableException(
                $"{address.Host} has sent nothing for {_settings.Patience.TotalSeconds:0} seconds; check the network, or try again later.",
                inner: error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new HubUnavailableException(
                $"{address.Host} cannot be reached, or breaks off ({error.Message.TrimEnd('.')}); "
                + "check the network and HF_ENDPOINT, or use what is in the cache (--offline).",
                inner: error);
        }
    }

    private HttpRequestMessage Message(Uri address, RangeHeaderValue? range, EntityTagHeaderValue? unchanged)
    {
        var message = new HttpRequestMessage(HttpMethod.Get, address);
        message.Headers.UserAgent.Add(new ProductInfoHeaderValue("reslora", Assembly.GetExecutingAssembly().GetName().Version!.ToString(3)));
        // A compressed body has no sizes to check and no ranges to go on from.
        message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        message.Headers.Range = range;
        message.Headers.IfRange = range is null || unchanged is null ? null : new RangeConditionHeaderValue(unchanged);
        if (_settings.Token is { } token && IsHub(address))
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return message;
    }

    /// <summary>Whether an address is the hub's own, scheme and port included: only there the token goes.</summary>
    private bool IsHub(Uri address) => Uri.Compare(
        address, _settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static Uri? Target(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect
            or HttpStatusCode.PermanentRedirect => response.Headers.Location,
        _ => null,
    };

    private static Uri Next(Uri from, Uri target, HubRequest request)
    {
        var next = new Uri(from, target);
        return next.Scheme == Uri.UriSchemeHttps || (next.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp)
            ? next
            : throw new ConfigException(
                $"{from.Host} redirects {request.Title} to {next.Scheme}://{next.Host}, which is not encrypted; it is not followed. "
                + "Is HF_ENDPOINT right?");
    }
}
