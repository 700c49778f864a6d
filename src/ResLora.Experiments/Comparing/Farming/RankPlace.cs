using System.Runtime.ExceptionServices;
using ResLora.Training.Distributed;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>
/// Another rank. A thread asks it several times in a second how it is: hours of a run are many short waits, each of which ends by
/// itself when the rank is lost.
/// </summary>
internal sealed class RankPlace : IFarmPlace, IDisposable
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    private readonly ICommunicator _ranks;
    private readonly int _rank;
    private readonly Thread _asking;
    private readonly Lock _turn = new();

    /// <summary>Guards what follows; pulsed when it changes.</summary>
    private readonly object _state = new();
    private FarmTask? _asked;
    private FarmAnswer? _answered;
    private Exception? _lost;
    private bool _stops;
    private bool _leaves;

    /// <summary>Begins to ask.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="rank">Which of them, above 0.</param>
    /// <param name="name">What it is called.</param>
    public RankPlace(ICommunicator ranks, int rank, string name)
    {
        (_ranks, _rank, Name) = (ranks, rank, name);
        _asking = new Thread(Ask) { IsBackground = true, Name = name };
        _asking.Start();
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public FarmAnswer Do(FarmTask task, CancellationToken stop)
    {
        lock (_turn)
        {
            Change(() => (_asked, _answered, _stops) = (task, null, false));
            using var registration = stop.Register(() => Change(() => _stops = true));
            lock (_state)
            {
                while (_answered is null && _lost is null)
                {
                    Monitor.Wait(_state);
                }

                if (_answered is null)
                {
                    ExceptionDispatchInfo.Throw(_lost!);
                }

                return _answered;
            }
        }
    }

    /// <summary>Lets the rank go; it must have nothing to do.</summary>
    public void Dispose()
    {
        Change(() => _leaves = true);
        _asking.Join();
    }

    private void Change(Action change)
    {
        lock (_state)
        {
            change();
            Monitor.PulseAll(_state);
        }
    }

    private void Ask()
    {
        try
        {
            while (true)
            {
                var question = Next();
                FarmMessage.Send(_ranks, question, _rank);
                if (question.Leaves)
                {
                    return;
                }

                if (FarmMessage.Receive<FarmReply>(_ranks, _rank).Answer is { } answer)
                {
                    Change(() => _answered = answer);
                }
            }
        }
        catch (Exception error)
        {
            // Told to whoever waits for the rank.
            Change(() => _lost = error);
        }
    }

    private FarmQuestion Next()
    {
        lock (_state)
        {
            if (_asked is null && !_leaves)
            {
                Monitor.Wait(_state, _pause);
            }

            var question = new FarmQuestion(_asked, _stops, _leaves);
            _asked = null;
            return question;
        }
    }
}
