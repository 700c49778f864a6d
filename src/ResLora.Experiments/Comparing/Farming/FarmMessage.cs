using System.Buffers.Binary;
using System.Text.Json;
using ResLora.Experiments.Configuration;
using ResLora.Training.Distributed;

namespace ResLora.Experiments.Comparing.Farming;

/// <summary>Messages between two ranks: JSON, and before it its length.</summary>
internal static class FarmMessage
{
    /// <summary>Sends one.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="message">The message.</param>
    /// <param name="to">Whom to.</param>
    public static void Send<T>(ICommunicator ranks, T message, int to)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, ConfigFile.Options);
        var length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, body.Length);
        ranks.Send(length, to);
        ranks.Send(body, to);
    }

    /// <summary>Receives one, which is waited for without keeping a processor busy.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="from">Whose.</param>
    /// <exception cref="RanksException">It does not come.</exception>
    public static T Receive<T>(ICommunicator ranks, int from)
    {
        var length = new byte[sizeof(int)];
        ranks.Receive(length, from, gently: true);
        var body = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        ranks.Receive(body, from);
        return JsonSerializer.Deserialize<T>(body, ConfigFile.Options)!;
    }
}
