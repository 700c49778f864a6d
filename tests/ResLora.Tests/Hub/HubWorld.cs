using ResLora.Formats.HuggingFace;
using ResLora.Hub;
using ResLora.Tests.Support;

namespace ResLora.Tests.Hub;

/// <summary>A hub on this machine with a small model and a small data set, and an empty cache.</summary>
public sealed class HubWorld : IDisposable
{
    public const string ModelId = "org/small";
    public const string DataId = "org/rows";

    public HubWorld()
    {
        Model = Server.Add(ModelId)
            .With("config.json", """{"model_type": "llama"}""")
            .With("tokenizer.json", "{}")
            .With("README.md", "# A card")
            .With("model.safetensors", Bytes(50_000, 1))
            .With("pytorch_model.bin", Bytes(50_000, 2));
        Data = Server.Add(DataId, "datasets")
            .With("README.md", "# A card")
            .With("dataset_infos.json", "{}")
            .With("data/train.jsonl", """{"a": 1}""")
            .With("data/test-00000-of-00001.parquet", Bytes(3000, 3));
        Settings = new HubSettings
        {
            Endpoint = Server.Address,
            Cache = _folder["cache"],
            RetryPause = TimeSpan.FromMilliseconds(1),
            Patience = TimeSpan.FromSeconds(20),
        };
    }

    private readonly TemporaryFolder _folder = new();

    public HubServer Server { get; } = new();

    public ServedRepository Model { get; }

    public ServedRepository Data { get; }

    public HubSettings Settings { get; set; }

    public string Cache => Settings.Cache;

    public string ModelFolder => Path.Combine(Cache, "models--org--small");

    /// <summary>Gets a model as a new process would.</summary>
    public HubSnapshot Get(string name = ModelId, params string[] files) => Get(HubKind.Model, name, files);

    public HubSnapshot Get(HubKind kind, string name, params string[] files)
    {
        using var client = new HubClient(Settings);
        return client.Get(kind, HubReference.Parse(name), files);
    }

    public string Blob(string path) => Path.Combine(ModelFolder, "blobs", Model.Digest(path));

    /// <summary>The files in the model's part of the cache, links and all, by their paths.</summary>
    public string[] CacheFiles() => !Directory.Exists(ModelFolder) ? [] :
    [
        .. Directory.EnumerateFiles(ModelFolder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(ModelFolder, file).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    public static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
    }
}
