namespace ResLora.Experiments.Comparing.Reports;

/// <summary>A run that is done and measured.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Run">The run.</param>
/// <param name="Record">What only its process knew.</param>
/// <param name="Trace">What it logged.</param>
/// <param name="Test">What was measured of it.</param>
internal sealed record FinishedRun(long Seed, PlannedRun Run, RunRecord Record, RunTrace Trace, TestRecord Test)
{
    /// <summary>The size of its saved weights, in bytes.</summary>
    public long FileBytes => Directory.EnumerateFiles(Run.Folder.Last, "*.safetensors").Sum(file => new FileInfo(file).Length);
}
