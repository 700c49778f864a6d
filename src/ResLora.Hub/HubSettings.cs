using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Hub;

/// <summary>Where the hub and its cache are and how they are used; the environment's variables are those of huggingface_hub.</summary>
public sealed partial record HubSettings
{
    private const long LargestTokenFile = 64 * 1024;

    /// <summary>The hub's address. Default https://huggingface.co.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>The cache's folder.</summary>
    public required string Cache { get; init; }

    /// <summary>The token that is sent to the hub, and to no other host; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Whether only what the cache holds is used and no connection is opened. Default false.</summary>
    public bool Offline { get; init; }

    /// <summary>Whether snapshots hold symbolic links where the disk has them; else copies. Default true.</summary>
    public bool UsesLinks { get; init; } = true;

    /// <summary>How long a connection, an answer's start or its next bytes may take. Default 30 seconds.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The middle of the pause before the first retry; each further one is twice as long.</summary>
    internal TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The size of the parts of a large file that are downloaded side by side, in bytes.</summary>
    internal long PartBytes { get; init; } = 32L << 20;

    /// <summary>The settings for a log: without the token.</summary>
    /// <returns>The hub and the cache.</returns>
    public override string ToString() => $"{Endpoint} in {Cache}{(Offline ? ", off line" : "")}";

    /// <summary>Reads the environment.</summary>
    /// <returns>The settings.</returns>
    /// <exception cref="ResLoraException">A variable has a value that cannot be used, or the token's file cannot be read.</exception>
    public static HubSettings FromEnvironment() => FromEnvironment(Environment.GetEnvironmentVariable);

    /// <summary>Reads variables.</summary>
    /// <param name="variable">Gives a variable's value, or null.</param>
    internal static HubSettings FromEnvironment(Func<string, string?> variable)
    {
        string? Value(string name) => variable(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
        bool IsTrue(string name) => Value(name)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
        string? Place(string name) => Value(name) is { } path ? Expanded(path, variable) : null;
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var root = Place("HF_HOME") ?? Path.Combine(Value("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache"), "huggingface");
        return new HubSettings
        {
            Endpoint = EndpointOf(Value("HF_ENDPOINT")),
            Cache = Path.GetFullPath(Place("HF_HUB_CACHE") ?? Place("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(root, "hub")),
            Token = IsTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")
                ? null
                : Clean(Value("HF_TOKEN") ?? Value("HUGGING_FACE_HUB_TOKEN"), "HF_TOKEN")
                    ?? TokenIn(Place("HF_TOKEN_PATH") ?? Path.Combine(root, "token")),
            Offline = IsTrue("HF_HUB_OFFLINE") || IsTrue("TRANSFORMERS_OFFLINE"),
            UsesLinks = !IsTrue("HF_HUB_DISABLE_SYMLINKS"),
        };
    }

    private static Uri EndpointOf(string? text)
    {
        if (text is null)
        {
            return new Uri("https://huggingface.co");
        }

        return Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
            ? uri
            : throw new ConfigException("HF_ENDPOINT is no address of a hub; it must be such as https://huggingface.co.");
    }

    private static string? TokenIn(string file) =>
        File.Exists(file) ? Clean(InputFile.ReadText(file, LargestTokenFile), $"The file '{file}'") : null;

    /// <summary>A token is one word; the value itself is in no message.</summary>
    private static string? Clean(string? text, string source)
    {
        var token = text?.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Trim();
        return string.IsNullOrEmpty(token) ? null
            : token.All(symbol => symbol is > ' ' and <= '~') ? token
            : throw new ConfigException($"{source} holds no token: it has blanks or characters that no token has.");
    }

    private static string Expanded(string path, Func<string, string?> variable)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var whole = path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? home + path[1..] : path;
        return Variable().Replace(whole, match => variable(match.Groups["name"].Value) ?? match.Value);
    }

    [GeneratedRegex(@"\$(?<brace>\{)?(?<name>\w+)(?(brace)\})")]
    private static partial Regex Variable();
}
