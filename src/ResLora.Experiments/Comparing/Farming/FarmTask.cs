using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>One thing that a rank does for the others, and all that it needs to know for it.</summary>
[JsonDerivedType(typeof(TrainTask), "train")]
[JsonDerivedType(typeof(TestTask), "test")]
[JsonDerivedType(typeof(CheckTask), "check")]
internal abstract record FarmTask
{
    /// <summary>What it is, for people.</summary>
    public required string Title { get; init; }

    /// <summary>Does it in this process, on its share of the processors.</summary>
    /// <param name="ranks">The ranks, of which this process is one.</param>
    /// <param name="stop">Ends it, a run with a checkpoint.</param>
    /// <returns>What came of it; no exception leaves.</returns>
    public FarmAnswer Answer(ICommunicator ranks, CancellationToken stop)
    {
        try
        {
            using var threads = new ThreadScope(usual => ProcessorShare.Of(ranks, usual));
            return new FarmAnswer(FarmEnd.Done, JsonSerializer.Serialize(Do(ranks, stop), ComparisonJson.Options));
        }
        catch (OperationCanceledException)
        {
            return new FarmAnswer(FarmEnd.Interrupted, $"{Title} was interrupted.");
        }
        catch (RunFailedException error)
        {
            return new FarmAnswer(FarmEnd.Failed, error.Message);
        }
        catch (ConfigException error) when (error.InnerException is null)
        {
            return new FarmAnswer(FarmEnd.Refused, error.Message);
        }
        catch (Exception error)
        {
            // A disk, memory, a device: another rank may do better.
            return new FarmAnswer(FarmEnd.Broken, error is ResLoraException ? error.Message : $"{error.GetType().Name}: {error.Message}");
        }
    }

    /// <summary>Does it.</summary>
    /// <param name="ranks">The ranks, of which this process is one.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>What is found, to be written as JSON.</returns>
    protected abstract object Do(ICommunicator ranks, CancellationToken stop);
}
