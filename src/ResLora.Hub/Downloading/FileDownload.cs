using System.Net;
using System.Net.Http.Headers;
using ResLora.Formats.Errors;
using ResLora.Hub.Caching;
using ResLora.Hub.Listing;
using ResLora.Hub.Transfer;

namespace ResLora.Hub.Downloading;

/// <summary>Downloads the content of one file into the cache, from where an earlier attempt stopped.</summary>
/// <param name="transport">Speaks with the hub.</param>
/// <param name="settings">Sizes of parts.</param>
/// <param name="cache">Where the content goes.</param>
/// <param name="count">Is told what is done.</param>
internal sealed class FileDownload(HubTransport transport, HubSettings settings, HubCache cache, ProgressCount count)
{
    private const int PartsAtOnce = 4;
    private const int MostTries = 2;

    // So much since the last fault, and the next one counts as the first.
    private const long EnoughToGoOn = 1 << 20;

    /// <summary>Whether the cache has a file's content.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="file">The file.</param>
    public static bool IsHere(HubCache cache, HubFile file) =>
        new FileInfo(cache.Blob(file.Digest)) is { Exists: true } blob && blob.Length == file.Size;

    /// <summary>Downloads a file, unless it is here.</summary>
    /// <param name="request">Asks for it.</param>
    /// <param name="file">The file.</param>
    /// <param name="stop">Ends it; what came is kept.</param>
    public async Task Run(HubRequest request, HubFile file, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(cache.Blob(file.Digest))!);
        using var alone = await BlobLock.Take(cache.Lock(file.Digest), stop).ConfigureAwait(false);
        if (IsHere(cache, file))
        {
            count.Have(file.Size);
            count.Finish();
            return;
        }

        using var partial = PartialBlob.Open(cache.Blob(file.Digest), file.Size, settings.PartBytes);
        count.Have(partial.Done);
        for (var tries = 1; ; tries++)
        {
            await Complete(request, file, partial, stop).ConfigureAwait(false);
            if (await IsRight(partial, file, stop).ConfigureAwait(false))
            {
                partial.Finish();
                count.Finish();
                return;
            }

            // What was left of an earlier attempt may be broken; what comes anew and is wrong again is not what the hub lists.
            Restart(partial, whole: false);
            if (tries == MostTries)
            {
                throw new FileFormatException(
                    $"{request.Title} has another checksum than {request.Address.Host} lists, twice; nothing of it was kept. "
                    + "Try again later, and ask whoever runs a proxy in between.");
            }
        }
    }

    private static async Task<bool> IsRight(PartialBlob partial, HubFile file, CancellationToken stop)
    {
        var content = partial.Read();
        await using var _ = content.ConfigureAwait(false);
        return await BlobCheck.IsOf(content, file, stop).ConfigureAwait(false);
    }

    private async Task Complete(HubRequest request, HubFile file, PartialBlob partial, CancellationToken stop)
    {
        try
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    await AllParts(request, file, partial, stop).ConfigureAwait(false);
                    return;
                }
                catch (RangesRefusedException) when (tries <= MostTries)
                {
                    Restart(partial, whole: true);
                }
                catch (RangesRefusedException error)
                {
                    throw new HubUnavailableException(
                        $"{request.Address.Host} breaks off in {request.Title} and cannot go on from there; try again later.", inner: error);
                }
            }
        }
        finally
        {
            partial.Note();
        }
    }

    private async Task AllParts(HubRequest request, HubFile file, PartialBlob partial, CancellationToken stop)
    {
        var missing = Enumerable.Range(0, partial.Count).Where(part => partial.Missing(part) is var (from, to) && from < to).ToArray();
        if (missing.Length == 0)
        {
            return;
        }

        // The first alone: it shows whether the server sends parts at all.
        await Part(request, file, partial, missing[0], stop).ConfigureAwait(false);
        await Parallel.ForEachAsync(
            missing.Skip(1),
            new ParallelOptions { MaxDegreeOfParallelism = PartsAtOnce, CancellationToken = stop },
            async (part, end) => await Part(request, file, partial, part, end).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task Part(HubRequest request, HubFile file, PartialBlob partial, int part, CancellationToken stop)
    {
        while (partial.Missing(part) is var (from, to) && from < to)
        {
            await transport.Retries.ExecuteAsync(
                async end => await Attempt(request, file, partial, part, end).ConfigureAwait(false), stop).ConfigureAwait(false);
        }

        partial.Note();
    }

    private async Task Attempt(HubRequest request, HubFile file, PartialBlob partial, int part, CancellationToken stop)
    {
        var (from, to) = partial.Missing(part);
        var isRange = from > 0 || to < file.Size;
        using var response = await transport.Send(
            request, isRange ? new RangeHeaderValue(from, to - 1) : null, partial.Validator, stop).ConfigureAwait(false);
        RequireExpected(request, file, partial, response, isRange ? from : null);
        partial.Validator ??= response.Headers.ETag is { IsWeak: false } mark ? mark : null;
        var at = from;
        try
        {
            await foreach (var bytes in transport.Body(request, response, stop).ConfigureAwait(false))
            {
                if (at + bytes.Length > to)
                {
                    throw new HubUnavailableException(
                        $"{request.Address.Host} sends more bytes of {request.Title} than were asked for; try again later.");
                }

                partial.Write(part, bytes.Span);
                count.Receive(bytes.Length);
                at += bytes.Length;
            }

            if (at < to)
            {
                throw new HubUnavailableException($"{request.Address.Host} ends {request.Title} before its end; try again later.");
            }
        }
        catch (HubUnavailableException) when (at - from >= EnoughToGoOn)
        {
            // The next attempt goes on from here.
        }
    }

    private static void RequireExpected(HubRequest request, HubFile file, PartialBlob partial, HttpResponseMessage response, long? from)
    {
        if (from is { } start)
        {
            var range = response.Content.Headers.ContentRange;
            var mark = response.Headers.ETag is { IsWeak: false } strong ? strong : null;
            if (response.StatusCode != HttpStatusCode.PartialContent || range?.From != start || (range.Length ?? file.Size) != file.Size
                || (partial.Validator is { } known && mark is not null && !mark.Equals(known)))
            {
                throw new RangesRefusedException();
            }
        }
        else if (response.StatusCode != HttpStatusCode.OK || (response.Content.Headers.ContentLength ?? file.Size) != file.Size)
        {
            throw new HubUnavailableException(
                $"{request.Address.Host} lists {file.Size} bytes for {request.Title} and answers {(int)response.StatusCode} with "
                + $"{response.Content.Headers.ContentLength}; try again later.");
        }
    }

    private void Restart(PartialBlob partial, bool whole)
    {
        count.Have(-partial.Done);
        partial.Restart(whole);
    }
}
