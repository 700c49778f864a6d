using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Experiments.Exporting;

/// <summary>A tiny model with a trained adapter of each structure, made once for the tests of exports.</summary>
public sealed class ExportWorld : IDisposable
{
    private readonly TinyWorld _world = new();
    private readonly Dictionary<ShortcutKind, string> _adapters = [];

    public string Model => _world.Model;

    public string Data => _world.Data;

    public TemporaryFolder Folder => _world.Folder;

    public RunConfig Run(string output, ShortcutKind kind) => _world.Run(output, kind);

    /// <summary>The folder of a trained adapter.</summary>
    public string Adapter(ShortcutKind kind)
    {
        if (!_adapters.TryGetValue(kind, out var folder))
        {
            var run = TrainJob.Run(_world.Run($"run-{kind}", kind), stop: TestContext.Current.CancellationToken);
            folder = _adapters[kind] = new RunFolder(run.RunFolder).Best;
        }

        return folder;
    }

    public void Dispose() => _world.Dispose();
}
