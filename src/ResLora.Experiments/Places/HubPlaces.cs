using System.Diagnostics.CodeAnalysis;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using ResLora.Hub;

namespace ResLora.Experiments.Places;

/// <summary>
/// Puts paths in the place of names on a hub (<c>hub:org/name</c>), and the names back for what is saved and shown. Each name is asked for
/// once, so that a command sees one commit of it.
/// </summary>
public static class HubPlaces
{
    private static readonly AsyncLocal<Opened?> _opened = new();

    /// <summary>Has names of this flow of control be found with a client of the caller's; without one the environment says how.</summary>
    /// <param name="client">Makes it, when the first name is met.</param>
    /// <returns>Disposing it ends that.</returns>
    public static IDisposable Use(Func<HubClient> client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return _opened.Value = new Opened(client, _opened.Value);
    }

    /// <summary>Where a model or an adapter lies, which is downloaded if need be.</summary>
    /// <param name="given">A path, a name on a hub, or null.</param>
    /// <returns>The path.</returns>
    /// <exception cref="ResLoraException">The name is none, or what it means cannot be had.</exception>
    [return: NotNullIfNotNull(nameof(given))]
    public static string? Model(string? given) => At(given, PlaceKind.Model);

    /// <summary>Where data lie, which are downloaded if need be.</summary>
    /// <param name="given">A path, a name on a hub, or null.</param>
    /// <returns>The path.</returns>
    /// <exception cref="ResLoraException">The name is none, or what it means cannot be had.</exception>
    [return: NotNullIfNotNull(nameof(given))]
    public static string? Data(string? given) => At(given, PlaceKind.Data);

    /// <summary>What a model, an adapter or data in the hub's cache are called, with their commit; any other path as it is.</summary>
    /// <param name="path">The path, or null.</param>
    /// <returns>The name on the hub, or the path.</returns>
    [return: NotNullIfNotNull(nameof(path))]
    public static string? Name(string? path) => path is null ? null : NameOf(path)?.Reference.ToString() ?? path;

    /// <summary>As <see cref="Name(string?)"/>, where one kind of thing is meant: <see cref="At"/> leads back to the path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="kind">The kind.</param>
    internal static string Name(string path, PlaceKind kind) =>
        NameOf(path) is var (repository, reference) && KindOf(kind) == repository.Kind ? reference.ToString() : path;

    /// <summary>Where something lies, which is downloaded if need be.</summary>
    /// <param name="given">A path, a name on a hub, or null.</param>
    /// <param name="kind">What is meant.</param>
    [return: NotNullIfNotNull(nameof(given))]
    internal static string? At(string? given, PlaceKind kind)
    {
        if (!HubReference.Is(given) || KindOf(kind) is not { } known)
        {
            return given;
        }

        var reference = HubReference.Parse(given!);
        if (_opened.Value is { } opened)
        {
            return opened.Find(known, reference);
        }

        using var client = new HubClient(HubSettings.FromEnvironment());
        return client.Get(known, reference).Place;
    }

    /// <summary>Only of what is in the cache in use: a name leads there and nowhere else.</summary>
    private static (HubRepository Repository, HubReference Reference)? NameOf(string path)
    {
        if (SnapshotReference.Of(path) is not { } found)
        {
            return null;
        }

        var cache = (_opened.Value?.Settings ?? HubSettings.FromEnvironment()).Cache;
        var inside = Path.TrimEndingDirectorySeparator(cache) + Path.DirectorySeparatorChar;
        return Path.GetFullPath(path).StartsWith(inside, StringComparison.Ordinal) ? found : null;
    }

    private static HubKind? KindOf(PlaceKind kind) => kind switch
    {
        PlaceKind.Model => HubKind.Model,
        PlaceKind.Data => HubKind.Dataset,
        _ => null,
    };

    private sealed class Opened(Func<HubClient> client, Opened? before) : IDisposable
    {
        private readonly Dictionary<(HubKind Kind, HubReference Reference), string> _found = [];
        private readonly Lazy<HubClient> _client = new(client);

        public HubSettings Settings => _client.Value.Settings;

        public string Find(HubKind kind, HubReference reference)
        {
            // Runs side by side ask for the same.
            lock (_found)
            {
                return _found.TryGetValue((kind, reference), out var place)
                    ? place
                    : _found[(kind, reference)] = _client.Value.Get(kind, reference).Place;
            }
        }

        public void Dispose()
        {
            _opened.Value = before;
            if (_client.IsValueCreated)
            {
                _client.Value.Dispose();
            }
        }
    }
}
