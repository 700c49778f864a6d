using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace ResLora.Tests.Hub;

/// <summary>A repository of a <see cref="HubServer"/>.</summary>
/// <param name="plural">models or datasets.</param>
/// <param name="id">Its name.</param>
public sealed class ServedRepository(string plural, string id)
{
    private readonly SortedDictionary<string, (byte[] Content, bool IsLarge)> _files = new(StringComparer.Ordinal);

    public string Plural => plural;

    public string Id => id;

    /// <summary>The commit of all branches and tags.</summary>
    public string Commit { get; set; } = new('c', 40);

    public IList<string> Revisions { get; } = ["main"];

    public byte[] this[string path] => _files[path].Content;

    public IEnumerable<string> Paths => _files.Keys;

    /// <summary>What is listed as the digest of a file, where it is a lie.</summary>
    public Dictionary<string, string> Lies { get; } = new(StringComparer.Ordinal);

    public ServedRepository With(string path, string content) => With(path, Encoding.UTF8.GetBytes(content), isLarge: false);

    public ServedRepository With(string path, byte[] content, bool isLarge = true)
    {
        _files[path] = (content, isLarge);
        return this;
    }

    /// <summary>All files of a folder; tensors are kept beside git.</summary>
    public ServedRepository WithFolder(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            With(Path.GetFileName(file), File.ReadAllBytes(file), file.EndsWith(".safetensors", StringComparison.Ordinal));
        }

        return this;
    }

    public bool Has(string path) => _files.ContainsKey(path);

    public bool IsLarge(string path) => _files[path].IsLarge;

    public bool Knows(string revision) => revision == Commit || Revisions.Contains(revision);

    /// <summary>SHA-256 of a large file, git's name of another.</summary>
    public string Digest(string path) => Lies.TryGetValue(path, out var lie) ? lie
        : IsLarge(path) ? Convert.ToHexStringLower(SHA256.HashData(this[path])) : GitDigest(this[path]);

    /// <summary>The answer of /api/models/ID/revision/REVISION?blobs=true.</summary>
    public JsonObject Info() => new()
    {
        ["id"] = id,
        ["sha"] = Commit,
        ["private"] = false,
        ["gated"] = false,
        ["siblings"] = new JsonArray([.. _files.Keys.Select(Sibling)]),
    };

    /// <summary>The answer of /api/models/ID/tree/REVISION?recursive=true.</summary>
    public JsonArray Tree() => new([.. _files.Keys.Select(path =>
    {
        var entry = new JsonObject { ["type"] = "file", ["path"] = path, ["size"] = this[path].Length, ["oid"] = GitDigest(this[path]) };
        if (IsLarge(path))
        {
            entry["lfs"] = new JsonObject { ["oid"] = Digest(path), ["size"] = this[path].Length, ["pointerSize"] = 134 };
        }

        return entry;
    })]);

    private JsonObject Sibling(string path)
    {
        var entry = new JsonObject { ["rfilename"] = path, ["size"] = this[path].Length, ["blobId"] = GitDigest(this[path]) };
        if (IsLarge(path))
        {
            entry["lfs"] = new JsonObject { ["sha256"] = Digest(path), ["size"] = this[path].Length, ["pointerSize"] = 134 };
        }
        else
        {
            entry["blobId"] = Digest(path);
        }

        return entry;
    }

    private static string GitDigest(byte[] content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
