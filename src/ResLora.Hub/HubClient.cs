using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;
using ResLora.Hub.Caching;
using ResLora.Hub.Choosing;
using ResLora.Hub.Downloading;
using ResLora.Hub.Listing;
using ResLora.Hub.Transfer;

namespace ResLora.Hub;

/// <summary>Brings models and data sets from a hub into the cache, or finds them there (docs/hub.md).</summary>
/// <param name="settings">The hub and the cache.</param>
/// <param name="progress">Is told how far downloads are; null for nobody.</param>
/// <param name="stop">Ends what goes on; what came is kept.</param>
public sealed class HubClient(HubSettings settings, IProgress<HubProgress>? progress = null, CancellationToken stop = default) : IDisposable
{
    private const int LargestListing = 256 << 20;
    private const int FilesAtOnce = 4;

    private readonly Func<HttpMessageHandler>? _handler;
    private HubTransport? _transport;

    /// <summary>As the other constructor, with a way of its own to send requests.</summary>
    internal HubClient(
        HubSettings settings, Func<HttpMessageHandler> handler, IProgress<HubProgress>? progress = null, CancellationToken stop = default)
        : this(settings, progress, stop) => _handler = handler;

    /// <summary>The hub and the cache.</summary>
    public HubSettings Settings => settings;

    /// <summary>Brings the files of a name here that are read here, or finds them.</summary>
    /// <param name="kind">Whether a model or a data set is meant.</param>
    /// <param name="reference">The name.</param>
    /// <param name="files">Files and folders that are wanted instead of those, as paths in the repository; empty for none.</param>
    /// <returns>Where they lie.</returns>
    /// <exception cref="ResLoraException">They cannot be had, and are not in the cache.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public HubSnapshot Get(HubKind kind, HubReference reference, params IReadOnlyList<string> files)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(files);
        try
        {
            // Away from whatever the caller's thread would have continuations wait for.
            return Task.Run(() => GetAsync(new HubRepository(kind, reference.Repository), reference, files), stop).GetAwaiter().GetResult();
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw DiskFault.Of($"The hub's cache '{settings.Cache}'", error);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _transport?.Dispose();

    private async Task<HubSnapshot> GetAsync(HubRepository repository, HubReference reference, IReadOnlyList<string> files)
    {
        var cache = new HubCache(settings, repository);
        var revision = reference.Revision ?? HubReference.MainRevision;
        var known = reference.IsPinned ? revision : cache.CommitOf(revision);
        var isKnown = known is not null && HubReference.IsCommit(known) && Directory.Exists(cache.Snapshot(known));
        if (settings.Offline)
        {
            return isKnown
                ? await FromCache(cache, repository, known!, reference, files).ConfigureAwait(false)
                : throw NotHere(repository, reference);
        }

        HubListing listing;
        try
        {
            listing = await List(repository, revision, isPatient: !isKnown).ConfigureAwait(false);
        }
        catch (HubUnavailableException error) when (isKnown)
        {
            var found = await FromCache(cache, repository, known!, reference, files).ConfigureAwait(false);
            Warnings.Add($"{error.Message.TrimEnd('.')}. The {repository.Title} is used as the cache has it, commit {known}.");
            return found;
        }

        return await Download(cache, listing, reference, files).ConfigureAwait(false);
    }

    private async Task<HubListing> List(HubRepository repository, string revision, bool isPatient)
    {
        var request = HubRequest.ForListing(settings.Endpoint, repository, revision);
        async Task<byte[]> Read(CancellationToken end) => await Transport.Read(request, LargestListing, end).ConfigureAwait(false);
        var answer = isPatient
            ? await Transport.Retries.ExecuteAsync(async end => await Read(end).ConfigureAwait(false), stop).ConfigureAwait(false)
            : await Read(stop).ConfigureAwait(false);
        return HubListing.Parse(repository, answer, request.Address.GetLeftPart(UriPartial.Path));
    }

    private async Task<HubSnapshot> Download(HubCache cache, HubListing listing, HubReference reference, IReadOnlyList<string> named)
    {
        var early = 0L;
        async Task<string> Fetch(HubFile file)
        {
            var small = Count(reference, [file], null);
            await Bring(cache, listing, [file], small).ConfigureAwait(false);
            early += small.Received;
            return cache.Blob(file.Digest);
        }

        var files = await new WantedFiles(listing, Fetch).Of(reference.Path, named).ConfigureAwait(false);
        HubFile[] contents = [.. files.DistinctBy(file => file.Digest)];
        var count = Count(reference, contents, progress);
        DiskSpace.Require(settings.Cache, Missing(cache, contents), $"The files of hub:{reference.Repository}");
        cache.WriteTag();
        await Bring(cache, listing, contents, count).ConfigureAwait(false);
        // Names come last, when all is here and checked, and those by which a folder is taken for a model last of them: a snapshot that is
        // there is whole.
        foreach (var file in files.OrderBy(file => file.Path.EndsWith(".json", StringComparison.Ordinal)))
        {
            cache.Link(listing.Commit, file.Path, file.Digest);
        }

        cache.SetCommit(reference.Revision ?? HubReference.MainRevision, listing.Commit);
        return Snapshot(cache, listing, reference, named, files, count.Received + early);
    }

    private async Task Bring(HubCache cache, HubListing listing, HubFile[] files, ProgressCount count)
    {
        var download = new FileDownload(Transport, settings, cache, count);
        await Parallel.ForEachAsync(
            // Large ones first: the last to end is then a small one.
            files.OrderByDescending(file => file.Size),
            new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = stop },
            async (file, end) =>
            {
                var request = HubRequest.ForFile(settings.Endpoint, listing.Repository, listing.Commit, file.Path);
                await download.Run(request, file, end).ConfigureAwait(false);
            }).ConfigureAwait(false);
    }

    private static async Task<HubSnapshot> FromCache(
        HubCache cache, HubRepository repository, string commit, HubReference reference, IReadOnlyList<string> named)
    {
        var listing = HubListing.OfFolder(repository, commit, cache.Snapshot(commit));
        try
        {
            var files = await new WantedFiles(listing, file => Task.FromResult(cache.FileOf(commit, file.Path))).Of(
                reference.Path, named).ConfigureAwait(false);
            return Snapshot(cache, listing, reference, named, files, 0);
        }
        catch (ResLoraException error)
        {
            throw new ConfigException(
                $"The cache has not all that is needed of {reference}, and nothing is downloaded now: {error.Message.TrimEnd('.')}. "
                + $"With a network, run 'reslora pull {Arguments(repository, reference)}'.",
                error);
        }
    }

    private static HubSnapshot Snapshot(
        HubCache cache, HubListing listing, HubReference reference, IReadOnlyList<string> named, IReadOnlyList<HubFile> files, long received)
    {
        var place = reference.Path is { } path && named.Count == 0 ? cache.FileOf(listing.Commit, path) : cache.Snapshot(listing.Commit);
        return new HubSnapshot(
            listing.Repository, listing.Commit, place, [.. files.Select(file => new HubSnapshotFile(file.Path, file.Size))], received);
    }

    private static ProgressCount Count(HubReference reference, HubFile[] files, IProgress<HubProgress>? told) =>
        new($"hub:{reference.Repository}", files.Sum(file => file.Size), files.Length, told);

    private static long Missing(HubCache cache, HubFile[] files) => files.Where(file => !FileDownload.IsHere(cache, file))
        .Sum(file => file.Size - PartialBlob.Left(cache.Blob(file.Digest), file.Size));

    private ConfigException NotHere(HubRepository repository, HubReference reference) => new(
        $"The cache '{settings.Cache}' has no {repository.Title}{(reference.Revision is { } revision ? $" at '{revision}'" : "")}, and nothing is "
        + $"downloaded now (--offline, HF_HUB_OFFLINE); with a network, run 'reslora pull {Arguments(repository, reference)}'.");

    private static string Arguments(HubRepository repository, HubReference reference) =>
        $"{reference.ToString()[HubReference.Prefix.Length..]}{(repository.Kind == HubKind.Dataset ? " --data" : "")}";

    private HubTransport Transport => _transport ??= new HubTransport(settings, _handler?.Invoke());
}
